import { open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { serverEnvironment } from './initdb.ts'
import type { DataFolder } from './data-folder.ts'
import { freePort } from './free-port.ts'
import { makeSocketFolder } from './socket-folder.ts'
import { stopStaleServer } from './stale-server.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'
import { adminQuery, type AdminAddress } from './wire.ts'

const START_WITHIN_MS = 60_000
const POLL_MS = 15

/** What a launch needs to know. */
export interface LaunchPlan {
  binaries: string
  folder: DataFolder
  superuser: string
  /** Undefined: any free one. */
  port: number | undefined
  settings: Readonly<Record<string, string>>
}

/** A server that answers. */
export interface Launched {
  server: ServerProcess
  port: number
  admin: AdminAddress
  /** Stops it and removes its socket. */
  stop(): Promise<void>
}

function argumentsFor(plan: LaunchPlan, port: number, sockets: string): string[] {
  const settings = {
    max_connections: '200',
    log_timezone: 'UTC',
    ...(plan.folder.throwaway && {
      // A machine's crash may cost the data, the server's own crash does not.
      fsync: 'off',
      full_page_writes: 'off',
    }),
    ...plan.settings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
  }
  return [
    '-D',
    plan.folder.data,
    ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
  ]
}

async function untilReady(
  server: ServerProcess,
  admin: AdminAddress,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const deadline = performance.now() + START_WITHIN_MS
  const isOver = (): boolean => performance.now() > deadline || signal?.aborted === true
  while (!server.hasExited() && !isOver()) {
    try {
      await adminQuery(admin, 'select 1', signal)
      return true
    } catch {
      await Promise.race([delay(POLL_MS), server.exited])
    }
  }
  return false
}

async function logSince(file: string, offset: number): Promise<string> {
  const log = await open(file)
  try {
    return (await log.readFile()).subarray(offset).toString('utf8')
  } finally {
    await log.close()
  }
}

/** Another process took the port in between, or the last children of a killed server are still on their way out. */
const mayPass = (log: string, portIsFree: boolean): boolean =>
  (portIsFree && log.includes('Address already in use')) ||
  log.includes('shared memory block') ||
  log.includes('"postmaster.pid" already exists')

/**
 * Starts the server and waits until it answers, or until `signal` aborts.
 *
 * @throws {Error} with the last lines of the server's log when it does not come up.
 */
export async function launch(plan: LaunchPlan, signal?: AbortSignal): Promise<Launched> {
  const { folder } = plan
  const deadline = performance.now() + START_WITHIN_MS
  for (;;) {
    const offset = (await stat(folder.log).catch(() => ({ size: 0 }))).size
    const port = plan.port ?? (await freePort())
    const sockets = await makeSocketFolder(folder)
    const removeSockets = (): Promise<void> => rm(sockets, { recursive: true, force: true })
    const admin = {
      socketPath: join(sockets, `.s.PGSQL.${port}`),
      user: plan.superuser,
      database: 'postgres',
    }
    const server = await startServerProcess(
      {
        command: join(plan.binaries, 'bin', 'postgres'),
        args: argumentsFor(plan, port, sockets),
        cwd: folder.outer,
        env: serverEnvironment(),
        user: folder.user,
        stopSignal: folder.throwaway ? 'SIGQUIT' : 'SIGINT',
        removeWhenOrphaned: [sockets, ...(folder.throwaway ? [folder.outer] : [])],
      },
      folder.log,
    ).catch(async (error: unknown) => {
      await removeSockets()
      const log = await readFile(folder.log, 'utf8').catch(() => '')
      throw new Error(`PostgreSQL could not be started: ${lastLines(log.slice(offset))}`, {
        cause: error,
      })
    })
    const stop = async (): Promise<void> => {
      await server.stop()
      // After a kill, of the keeper even, something may still run here.
      await stopStaleServer(folder.data)
      await removeSockets()
    }
    if (await untilReady(server, admin, signal)) return { server, port, admin, stop }
    await stop()
    signal?.throwIfAborted()
    const log = await logSince(folder.log, offset)
    if (performance.now() > deadline || !mayPass(log, plan.port === undefined)) {
      throw new Error(`PostgreSQL did not start. The end of its log:\n${lastLines(log)}`)
    }
    await delay(5 * POLL_MS)
  }
}

const lastLines = (log: string): string => log.trimEnd().split('\n').slice(-15).join('\n')
