import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export const RUNTIMES = ['node', 'node24'] as const

/** The Nodes that the workspace brings: 26 is `node`, 24 is `node24`. */
export type Runtime = (typeof RUNTIMES)[number]

/** Whose packages they are: the demo is installed without the older one. */
const OWNERS: Readonly<Record<Runtime, string>> = { node: '', node24: 'tooling/older-nodes' }

/** Where its program is. */
export function programOf(runtime: Runtime): string {
  const owner = join(import.meta.dirname, '../..', OWNERS[runtime], 'package.json')
  return join(dirname(createRequire(owner).resolve(`${runtime}/package.json`)), 'bin/node')
}
