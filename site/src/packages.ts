import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { basename, dirname, join } from 'node:path'

/** The root of the workspace. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** An entry of a package, as it is imported. */
export interface Entry {
  /** `@yuzuru/db/testing` */
  readonly name: string
  /** The file that its declarations are made of. */
  readonly source: string
  /** Whether it is imported by the name of its package. */
  readonly isMain: boolean
}

/** The entries of all packages, each package's main one first. */
export function entries(): readonly Entry[] {
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .flatMap((path) => {
      const { name, exports } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
      return Object.entries(exports)
        .filter(([, source]) => source.endsWith('.ts'))
        .map(([entry, source]) => ({
          name: entry === '.' ? name : `${name}/${basename(entry)}`,
          source: join(root, dirname(path), source),
          isMain: entry === '.',
        }))
    })
}

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
}
