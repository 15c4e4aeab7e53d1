import type * as reader from './read-function.ts'
import { expectFunction } from '../../arguments/expected.ts'
import { expectKnownNames } from './known-names.ts'

/** A function on its way to a worker: its text, checked. */
export interface InlineSource {
  readonly text: string
  /** The names in it that it does not declare itself. */
  readonly free: readonly string[]
}

/** Any function at all. */
export type AnyFunction = (...args: never[]) => unknown

/** A function's text never changes, so each is read once. */
const SOURCES = new WeakMap<AnyFunction, InlineSource>()

/**
 * Reads the text of a function that a worker is to run.
 *
 * @throws {TypeError} when the function uses what it would not have in a worker: a variable from around it,
 * `this`, `import.meta`, a module by a relative path; when it is a generator, a class, a method, native or
 * bound; and when the packages `acorn` and `eslint-scope` are not installed
 */
export async function inlineSourceOf(fn: AnyFunction): Promise<InlineSource> {
  const known = SOURCES.get(fn)
  if (known !== undefined) return known
  const text = Function.prototype.toString.call(fn)
  const { readFunction } = await importReader()
  const found = readFunction(text)
  if (found.problem !== undefined) {
    throw new TypeError(`Expected a function that can run in a worker, got ${found.problem}`)
  }
  expectKnownNames(found.free)
  const source: InlineSource = { text, free: found.free }
  SOURCES.set(fn, source)
  return source
}

/** The name of an inline job in errors, traces and the task tree. */
export function inlineNameOf(fn: AnyFunction): string {
  expectFunction('fn', fn)
  return /^[\w$]{1,200}$/.test(fn.name) ? fn.name : 'inline'
}

/** Two packages that only inline jobs need. */
async function importReader(): Promise<typeof reader> {
  try {
    return await import('./read-function.ts')
  } catch (cause) {
    throw new TypeError(
      'Expected acorn and eslint-scope to be installed, which check a function before it is sent to a worker: ' +
        'npm install acorn eslint-scope',
      { cause },
    )
  }
}
