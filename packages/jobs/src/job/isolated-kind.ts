import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expected } from '@yuzuru/concurrency/boundary'

/** What a handler runs in that is apart from its worker. */
export type RunIn = 'thread' | 'process'

/** What a worker knows of a kind whose handler is apart from it. */
export interface IsolatedKind {
  readonly name: string
  readonly runIn: RunIn
  /** The `file:` URL of its module. */
  readonly module: string
  /** The name of the export that is its handler. */
  readonly handler: string
}

/** Where a module is. @throws {TypeError} unless it is a file */
export function fileUrlOf(module: unknown): string {
  if (module instanceof URL && module.protocol === 'file:') return module.href
  if (typeof module === 'string') {
    if (module.startsWith('file:') && URL.canParse(module)) return module
    if (isAbsolute(module)) return pathToFileURL(module).href
  }
  throw expected('module to be a file: URL or an absolute path', module)
}
