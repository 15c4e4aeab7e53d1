import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What of a packed package.json is judged; all of it may be missing or wrong. */
export interface PackedManifest {
  readonly name?: string
  readonly version?: string
  readonly private?: boolean
  readonly license?: string
  readonly type?: string
  readonly repository?: { readonly url?: string; readonly directory?: string }
  readonly engines?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean }
}

/** What is in the tarball of a package. */
export interface PackedPackage {
  /** Where its sources are in the repository: `packages/db`. */
  readonly directory: string
  readonly manifest: PackedManifest
  /** The text of each file, by its path. */
  readonly files: ReadonlyMap<string, string>
  /** All files together, in bytes. */
  readonly bytes: number
}

/** Reads a tarball that was unpacked into `folder`. */
export function readPacked(directory: string, folder: string): PackedPackage {
  const paths = globSync('**/*', { cwd: folder }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  )
  const files = new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
  const bytes = paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0)
  const manifest = JSON.parse(files.get('package.json') ?? '{}') as PackedManifest
  return { directory, manifest, files, bytes }
}
