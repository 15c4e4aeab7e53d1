import { execFile } from 'node:child_process'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { majorVersionOf } from './binaries.ts'
import type { ServerUser } from './server-user.ts'

const run = promisify(execFile)

/** macOS has no `C.UTF-8` of its own; PostgreSQL's built-in provider has, and that is what sorts and folds. */
const locale = (): string => (process.platform === 'linux' ? 'C.UTF-8' : 'C')

/** The server gets no variable of ours: none of them is its business, and some are secrets. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: '/usr/bin:/bin',
  LC_ALL: locale(),
  TZ: 'UTC',
})

const outputOf = (error: unknown): string =>
  error instanceof Error && 'stderr' in error && error.stderr !== ''
    ? String(error.stderr).trim()
    : String(error)

/** Runs a program as the server's user. */
async function runAs(
  user: ServerUser | undefined,
  program: string,
  options: readonly string[],
): Promise<void> {
  try {
    await run(program, options, { cwd: '/', env: serverEnvironment(), ...user })
  } catch (error) {
    throw new Error(`${program} failed: ${outputOf(error)}`, { cause: error })
  }
}

/** Makes an empty folder for the server's user alone. */
async function makePrivate(folder: string, user: ServerUser | undefined): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  if (user) await chown(folder, user.uid, user.gid)
}

/** What every cluster of the sandbox is made with. PostgreSQL has its built-in provider since 17. */
export const clusterOptions = (superuser: string, majorVersion: number): string[] => [
  `--username=${superuser}`,
  '--encoding=UTF8',
  `--locale=${locale()}`,
  ...(majorVersion < 17 ? [] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']),
  '--auth-local=trust',
  '--auth-host=scram-sha-256',
  '--no-instructions',
]

/** Makes a cluster in `data`, whose parent exists. It is not yet safe against the machine's crash. */
export async function initdb(
  binaries: string,
  data: string,
  options: { superuser: string; user: ServerUser | undefined },
): Promise<void> {
  await makePrivate(data, options.user)
  await runAs(options.user, join(binaries, 'bin', 'initdb'), [
    `--pgdata=${data}`,
    ...clusterOptions(options.superuser, majorVersionOf(binaries)),
    '--no-sync',
  ])
}

/** A copy of a cluster that no server runs on, made by its user, so that all of it is its user's. */
export async function copyCluster(
  from: string,
  to: string,
  user: ServerUser | undefined,
): Promise<void> {
  await makePrivate(to, user)
  await runAs(user, 'cp', ['-Rp', `${from}/.`, to])
}

/** Has a cluster's files written out to the disk. */
export const syncCluster = (
  binaries: string,
  data: string,
  user: ServerUser | undefined,
): Promise<void> =>
  runAs(user, join(binaries, 'bin', 'initdb'), [`--pgdata=${data}`, '--sync-only'])
