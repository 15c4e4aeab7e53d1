import { execFile } from 'node:child_process'
import { chown, lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { DataFolder } from './data-folder.ts'

const run = promisify(execFile)

/** The server gets no variable of ours: none of them is its business, and some are secrets. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: '/usr/bin:/bin',
  LC_ALL: locale(),
  TZ: 'UTC',
})

/** macOS has no `C.UTF-8` of its own; PostgreSQL's built-in provider has, and that is what sorts and folds. */
const locale = (): string => (process.platform === 'linux' ? 'C.UTF-8' : 'C')

const outputOf = (error: unknown): string =>
  error instanceof Error && 'stderr' in error && error.stderr !== ''
    ? String(error.stderr).trim()
    : String(error)

/**
 * Runs `initdb` unless the folder holds a cluster. It fills a folder aside and renames it, so that a start killed
 * in the middle leaves nothing that looks like one.
 */
export async function ensureCluster(
  binaries: string,
  folder: DataFolder,
  superuser: string,
): Promise<void> {
  const { data, user, throwaway } = folder
  const found = await lstat(join(data, 'PG_VERSION')).catch(() => undefined)
  if (found !== undefined) return
  const staging = `${data}.new`
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { mode: 0o700 })
  if (user) await chown(staging, user.uid, user.gid)
  const options = [
    `--pgdata=${staging}`,
    `--username=${superuser}`,
    '--encoding=UTF8',
    `--locale=${locale()}`,
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    '--no-instructions',
    ...(throwaway ? ['--no-sync'] : []),
  ]
  try {
    await run(join(binaries, 'bin', 'initdb'), options, {
      cwd: folder.outer,
      env: serverEnvironment(),
      ...user,
    })
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    throw new Error(`initdb failed: ${outputOf(error)}`, { cause: error })
  }
  await rename(staging, data)
}
