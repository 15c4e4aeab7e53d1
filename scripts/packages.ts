import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the scripts read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly license?: string
  readonly type?: string
  readonly sideEffects?: boolean
  readonly bin?: Record<string, string>
  readonly exports?: Record<string, string>
  readonly files?: readonly string[]
  readonly scripts?: Record<string, string>
  readonly engines?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
  readonly publishConfig?: {
    readonly exports?: Record<string, string | { types: string; default: string }>
    readonly bin?: Record<string, string>
    readonly provenance?: boolean
  }
}

/** A folder of the workspace that is published. */
export interface WorkspacePackage {
  readonly folder: string
  readonly shortName: string
  readonly manifest: Manifest
}

export const root: string = join(import.meta.dirname, '..')

/** The published packages, by name. */
export function packages(): WorkspacePackage[] {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((shortName) => {
      const folder = join(root, 'packages', shortName)
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
      return { folder, shortName, manifest }
    })
}

/** npm installs required peers by itself; what an entry needs beyond them is installed by name. */
export function optionalPeersOf({
  peerDependencies = {},
  peerDependenciesMeta = {},
}: Manifest): Record<string, string> {
  const optional = Object.entries(peerDependencies).filter(
    ([name]) => peerDependenciesMeta[name]?.optional,
  )
  return Object.fromEntries(optional)
}

/** An example of each package, by the package's short name. */
export const EXAMPLES: string = join(root, 'docs/examples')
