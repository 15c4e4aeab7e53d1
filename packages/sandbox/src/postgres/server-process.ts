import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openToAppend } from '../own-files.ts'
import type { ServerUser } from './server-user.ts'

/** The keeper's arguments. No secret is among them: everybody can read a command line. */
export interface KeeperPlan {
  command: string
  args: readonly string[]
  cwd: string
  env: NodeJS.ProcessEnv
  user: ServerUser | undefined
  /** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one. */
  stopSignal: 'SIGINT' | 'SIGQUIT'
  /** Throwaway folders, when nobody is left to remove them. */
  removeWhenOrphaned: readonly string[]
}

/** A running server and the keeper that watches over it. */
export interface ServerProcess {
  pid: number
  /** Settles, never fails, once the server has ended. */
  exited: Promise<void>
  hasExited(): boolean
  /** Stops the server and waits until it and its keeper have ended. */
  stop(): Promise<void>
}

/** In the workspace the keeper is one folder up; in a build all code is in the folder that it is in. */
const keeperPath = (): string =>
  fileURLToPath(
    import.meta.url.endsWith('.ts')
      ? new URL('../keeper.ts', import.meta.url)
      : new URL('./keeper.js', import.meta.url),
  )

/** Starts the keeper, which starts the server. Their output goes to the end of `logFile`. */
export async function startServerProcess(
  plan: KeeperPlan,
  logFile: string,
): Promise<ServerProcess> {
  const log = await openToAppend(logFile)
  const keeper = spawn(process.execPath, [keeperPath(), JSON.stringify(plan)], {
    // A session of its own: Ctrl-C in the terminal is for the application, which then closes in its order.
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['pipe', log.fd, log.fd, 'ipc'],
  })
  await log.close()
  const gone = new Promise<void>((resolve) => {
    keeper.once('exit', () => resolve())
    keeper.once('error', () => resolve())
  })
  let ended = false
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true
      resolve()
    }
    keeper.on('message', (message) => {
      if (message === 'ended') end()
    })
    void gone.then(end)
  })
  // It may be gone before the last word to it is written.
  keeper.stdin?.on('error', () => {})
  const stop = async (): Promise<void> => {
    keeper.stdin?.end('stop\n')
    await gone
  }
  const started: Promise<unknown[]> = once(keeper, 'message')
  const [pid] = (await Promise.race([started, exited])) ?? []
  if (typeof pid !== 'number') {
    await stop()
    throw new Error('The server could not be started')
  }
  return { pid, exited, hasExited: () => ended, stop }
}
