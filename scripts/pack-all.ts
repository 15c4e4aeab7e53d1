import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packages } from './packages.ts'

const run = promisify(execFile)

/**
 * Packs the published packages as npm gets them. Where `YUZURU_TARBALLS` names a folder, as `.ci/run` does for all its
 * steps, the tarballs are made there once.
 *
 * @param room where they go otherwise
 * @returns the path of each tarball, by the name of the package
 */
export async function packAll(room: string): Promise<Map<string, string>> {
  const folder = process.env['YUZURU_TARBALLS'] ?? room
  await mkdir(folder, { recursive: true })
  const packed = packages().map(async ({ folder: cwd, shortName, manifest }) => {
    const path = join(folder, `${shortName}.tgz`)
    if (!existsSync(path)) {
      // Another step may pack the same one at the same time: whole files only.
      const made = join(folder, `.${shortName}-${process.pid}.tgz`)
      await run('pnpm', ['pack', '--out', made], { cwd })
      await rename(made, path)
    }
    return [manifest.name, path] as const
  })
  return new Map(await Promise.all(packed))
}
