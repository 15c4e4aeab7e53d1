import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export const RUNTIMES = ['node', 'node24'] as const

/** The Nodes that the workspace brings: 26 is `node`, 24 is `node24`. */
export type Runtime = (typeof RUNTIMES)[number]

const root = createRequire(join(import.meta.dirname, '../../package.json'))

/** Where its program is. */
export function programOf(runtime: Runtime): string {
  return join(dirname(root.resolve(`${runtime}/package.json`)), 'bin/node')
}
