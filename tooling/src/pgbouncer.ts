import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** For tests: a PgBouncer of their own, in transaction mode, on the loopback interface. */
export interface PgBouncer extends AsyncDisposable {
  readonly url: string
}

/** It refuses to run as root; this is `nobody`. */
const NOBODY = 65_534

/** The version that is installed, if one is. */
export function pgBouncerVersion(): string | undefined {
  try {
    return /PgBouncer (\S+)/.exec(
      execFileSync('pgbouncer', ['--version'], { encoding: 'utf8' }),
    )?.[1]
  } catch {
    return undefined
  }
}

/** Starts one in front of a server. @param url with the password of the user */
export async function startPgBouncer(url: string, poolSize: number): Promise<PgBouncer> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  const config = join(folder, 'pgbouncer.ini')
  const listenPort = await freePort()
  const server = `host=${hostname} port=${port} user=${username} password=${password}`
  writeFileSync(
    config,
    `[databases]
* = ${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
`,
    { mode: 0o600 },
  )
  const isRoot = process.geteuid?.() === 0
  if (isRoot) for (const path of [folder, config]) chownSync(path, NOBODY, NOBODY)
  const child = spawn('pgbouncer', ['--quiet', config], {
    stdio: 'ignore',
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  })
  const kill = (): unknown => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit')
  while (child.exitCode === null && !(await answers(listenPort)));
  return {
    url: `postgres://${username}@127.0.0.1:${listenPort}${pathname}`,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      kill()
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const found = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return found
}
