import { randomBytes } from 'node:crypto'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { prepareBinaries } from './binaries.ts'
import { ensureCluster } from './cluster.ts'
import { openDataFolder } from './data-folder.ts'
import { launch, type Launched, type LaunchPlan } from './launch.ts'
import { doInScope, startServer } from '../in-scope.ts'
import { checkDatabaseName, checkPostgresOptions, POSTGRES_OPTIONS } from './postgres-options.ts'
import type { CreateDatabaseOptions, PostgresOptions } from './postgres-options.ts'
import { findServerUser } from './server-user.ts'
import { stopStaleServer } from './stale-server.ts'
import { temporaryBase } from './trusted-folder.ts'
import { adminQuery, quoteIdentifier, quoteLiteral } from './wire.ts'

const SUPERUSER = 'yuzuru'

/** A running PostgreSQL, 18 unless `binaries` says otherwise, on the loopback interface. Disposing of it is `close()`. */
export interface PostgresServer extends AsyncDisposable {
  /** `postgres://user:password@host:port/database` of the superuser, over TCP with SCRAM. */
  readonly url: string
  readonly host: string
  /** Stays the same over `restart()`. */
  readonly port: number
  /** A superuser: tests cancel other sessions' queries, and make databases and extensions. */
  readonly user: string
  readonly password: string
  readonly database: string
  /** The process number of the server; another one after `restart()`. */
  readonly pid: number
  /** Where the data is: in the `dir` given, or elsewhere when the server's user can't reach that. */
  readonly dataDir: string
  /**
   * Makes a database and returns its URL.
   *
   * @throws {PostgresRefusal} when it exists already, or the template is missing or has sessions.
   */
  createDatabase(options?: CreateDatabaseOptions): Promise<string>
  /** Drops a database, ending the sessions on it. Does nothing when it is not there. */
  dropDatabase(name: string): Promise<void>
  /** Stops the server (as `close()` would), or takes one that was killed, and starts it again on the same port. */
  restart(): Promise<void>
  /**
   * Sends a signal to the server's process, to see a client meet a crash. For a signal that ends it this waits until
   * it has ended; SIGSTOP and SIGCONT freeze it and let it go on.
   *
   * @default 'SIGKILL'
   */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Stops the server and removes throwaway data. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Starts a real PostgreSQL server from npm's binaries. As root it runs as the user `postgres`, or else `nobody`.
 * A keeper process stops it when this process ends without `close()`, even by SIGKILL.
 *
 * Not covered: Windows.
 *
 * @throws {TypeError} when an option is unknown or out of its range.
 * @throws {Error} when it does not start (with the end of its log), or a living process uses `dir`.
 * @example
 * await using postgres = await startPostgres()
 * const url = await postgres.createDatabase()
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  expectOptions(options, POSTGRES_OPTIONS, 'startPostgres')
  return await startServer('startPostgres', (signal) => start(options, signal))
}

async function start(options: PostgresOptions, signal: AbortSignal): Promise<PostgresServer> {
  const { binaries: installed = process.env['YUZURU_POSTGRES_BINARIES'] } = options
  checkPostgresOptions({ ...options, ...(installed !== undefined && { binaries: installed }) })
  if (process.platform === 'win32') {
    throw new Error("The sandbox's PostgreSQL runs on Linux and macOS")
  }
  const user = await findServerUser()
  const [binaries, folder] = await Promise.all([
    temporaryBase(user).then((base) => prepareBinaries(base, installed)),
    openDataFolder(options.dir, user),
  ])
  const plan: LaunchPlan = {
    binaries,
    folder,
    superuser: SUPERUSER,
    port: options.port === 0 ? undefined : options.port,
    settings: options.settings ?? {},
  }
  let launched: Launched
  try {
    await stopStaleServer(folder.data)
    await ensureCluster(binaries, folder, SUPERUSER)
    launched = await launch(plan, signal)
    plan.port = launched.port
  } catch (error) {
    await folder.release()
    throw error
  }

  const { password } = folder
  const { port } = launched
  const urlOf = (database: string): string =>
    `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  const admin = (sql: string, ended?: AbortSignal): Promise<(string | null)[][]> =>
    adminQuery(launched.admin, sql, ended)

  let restarting: Promise<void> = Promise.resolve()
  const restart = async (): Promise<void> => {
    await launched.stop()
    launched = await launch(plan)
  }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await restarting.catch(() => {})
    await launched.stop()
    await folder.release()
  }
  const server: PostgresServer = {
    url: urlOf('postgres'),
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    get pid() {
      return launched.server.pid
    },
    dataDir: folder.data,
    async createDatabase(options = {}) {
      expectOptions(options, ['name', 'template'], 'createDatabase')
      const { name = `db_${randomBytes(8).toString('hex')}`, template } = options
      checkDatabaseName(name)
      if (template !== undefined) checkDatabaseName(template)
      const from = template === undefined ? '' : ` template ${quoteIdentifier(template)}`
      await doInScope('createDatabase', (ended) =>
        admin(`create database ${quoteIdentifier(name)}${from}`, ended),
      )
      return urlOf(name)
    },
    async dropDatabase(name) {
      checkDatabaseName(name)
      await doInScope('dropDatabase', (ended) =>
        admin(`drop database if exists ${quoteIdentifier(name)} with (force)`, ended),
      )
    },
    async restart() {
      if (closing) throw new Error('This server is closed')
      await doInScope('restart', () => {
        restarting = restarting.catch(() => {}).then(restart)
        return restarting
      })
    },
    async kill(signal = 'SIGKILL') {
      await doInScope('kill', async () => {
        process.kill(launched.server.pid, signal)
        if (signal !== 'SIGSTOP' && signal !== 'SIGCONT' && signal !== 'SIGHUP') {
          await launched.server.exited
        }
      })
    },
    close() {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
  try {
    await admin(`alter role ${quoteIdentifier(SUPERUSER)} password ${quoteLiteral(password)}`)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}
