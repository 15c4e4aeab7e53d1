import { describeValue } from '@yuzuru/concurrency'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { ConnectionOptions } from 'node:tls'
import type { KyselyConfig } from 'kysely'
import type { PgPoolLike } from './wire/pg-client.ts'
import type { ValueOptions } from './wire/value-parsers.ts'

/** How many connections, and how long to wait for one. */
export interface PoolOptions {
  /**
   * The most connections at once, from 1 up. Size it by what runs together: a hundred requests of two
   * 30 ms queries each need 630 ms with 10 and 60 ms with 100.
   *
   * @default 10
   */
  readonly max?: number
  /** How many may wait for a connection before `overloaded`, from 0 up. @default 1_000 */
  readonly queueLimit?: number
  /** How long one may wait, in milliseconds, before `acquire_timeout`. @default 30_000 */
  readonly acquireTimeoutMs?: number
  /** How long making a connection may take, in milliseconds. @default 10_000 */
  readonly connectTimeoutMs?: number
  /** How long an unused connection is kept, in milliseconds; `Infinity` keeps it. @default 30_000 */
  readonly idleTimeoutMs?: number
  /**
   * When a connection is reset (`DISCARD ALL`, one round trip) before the next one has it. `'changed'`:
   * after a statement whose text may leave something on it (`SET`, a temporary table, a lock of the
   * session, `LISTEN`, `PREPARE`, a cursor `WITH HOLD`, `DO`, `CALL`), or a change that the server
   * tells of. What your own functions leave behind is not seen: `'always'` is for those.
   *
   * @default 'changed'
   */
  readonly reset?: 'changed' | 'always'
}

/** What holds for a pool of our own and for one that was passed in. */
export interface CommonDatabaseOptions extends ValueOptions {
  /** Kysely's plugins for every query. */
  readonly plugins?: KyselyConfig['plugins']
  /** Kysely's logging. Its events hold the parameters of the queries. */
  readonly log?: KyselyConfig['log']
  /**
   * How long the server may take to stop a cancelled statement, in milliseconds; then the connection
   * is closed. @default 5_000
   */
  readonly cancelTimeoutMs?: number
  /** How long COMMIT may take, in milliseconds; then its outcome is unknown. @default 30_000 */
  readonly commitTimeoutMs?: number
}

/** Where the database is. What is left out comes from libpq's variables (`PGHOST` …), as in pg. */
export interface ConnectionFields {
  /** The folder of a Unix socket begins with `/`. @default 'localhost' */
  readonly host?: string
  /** @default 5432 */
  readonly port?: number
  readonly database?: string
  readonly user?: string
  /** Asked anew for each connection when it is a function: for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>)
}

/** A pool of our own. */
export interface OwnPoolOptions extends CommonDatabaseOptions, ConnectionFields, ReadOptions {
  /** `postgres://user:password@host:port/database`; goes before the single fields. */
  readonly url?: string
  /**
   * Whether, and how, to encrypt. `true` and an object verify the server's certificate and name. So do the
   * URL's `sslmode=prefer`, `require`, `verify-ca` and `verify-full`, unlike in libpq; `no-verify` encrypts
   * for whoever answers, `disable` does not encrypt. A `sslmode` of the URL goes before this option.
   *
   * @default as the URL's `sslmode` or `PGSSLMODE` says; without either, not encrypted
   */
  readonly ssl?: boolean | ConnectionOptions
  readonly pool?: PoolOptions
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string
}

/** How autocommit statements that only read are sent. */
export interface ReadOptions {
  /**
   * `'pipelined'`: on a few connections that they share, one behind the other without waiting for
   * answers, each text prepared once; far more of them a second. It is meant for queries that take
   * milliseconds. Taken are a `SELECT` of Kysely's builder outside a transaction, without `sql` text in
   * it, locks, or functions but those of PostgreSQL that only compute; everything else, and what finds
   * no place, goes to the pool. The server holds them to it: these connections are read-only.
   *
   * Behind a pooler that shares out connections (PgBouncer in transaction mode) all goes to the pool.
   *
   * @default 'pooled'
   */
  readonly reads?: 'pooled' | 'pipelined'
  /** How many connections, beside the pool, pipelined reads share, from 1 up. @default 2 */
  readonly readConnections?: number
}

/** A pool that was passed in. It is never closed here. */
export interface GivenPoolOptions extends CommonDatabaseOptions {
  /** A pg `Pool`, something alike, or what makes one (called once, before the first query). */
  readonly pool: PgPoolLike | (() => PgPoolLike | Promise<PgPoolLike>)
  readonly url?: never
  readonly reads?: never
  readonly readConnections?: never
}

export type DatabaseOptions = OwnPoolOptions | GivenPoolOptions

/** Whether a pool, or what makes one, was passed in. */
export function hasGivenPool(options: DatabaseOptions): options is GivenPoolOptions {
  const { pool } = options
  return (
    typeof pool === 'function' || (typeof pool === 'object' && pool !== null && 'connect' in pool)
  )
}

const COMMON: Readonly<
  Record<keyof CommonDatabaseOptions | keyof ReadOptions | 'url' | 'pool', true>
> = {
  int8: true,
  temporal: true,
  plugins: true,
  log: true,
  cancelTimeoutMs: true,
  commitTimeoutMs: true,
  reads: true,
  readConnections: true,
  url: true,
  pool: true,
}

const GIVEN_POOL_OPTIONS = Object.keys(COMMON satisfies Record<keyof GivenPoolOptions, true>)

const OWN_POOL_OPTIONS = Object.keys({
  ...COMMON,
  host: true,
  port: true,
  database: true,
  user: true,
  password: true,
  ssl: true,
  applicationName: true,
} satisfies Record<keyof OwnPoolOptions, true>)

const POOL_OPTIONS = Object.keys({
  max: true,
  queueLimit: true,
  acquireTimeoutMs: true,
  connectTimeoutMs: true,
  idleTimeoutMs: true,
  reset: true,
} satisfies Record<keyof PoolOptions, true>)

const DELAYS = ['acquireTimeoutMs', 'connectTimeoutMs', 'idleTimeoutMs'] as const
const BOUNDS = ['cancelTimeoutMs', 'commitTimeoutMs'] as const

/** @throws {TypeError} on the first wrong option */
export function expectDatabaseOptions(options: DatabaseOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`Expected options to be an object, got ${typeof options}`)
  }
  const isGiven = hasGivenPool(options)
  expectOptions(options, isGiven ? GIVEN_POOL_OPTIONS : OWN_POOL_OPTIONS, 'createDatabase')
  for (const name of BOUNDS) expectPositive(name, options[name])
  const { reads = 'pooled' } = options
  if (reads !== 'pooled' && reads !== 'pipelined') {
    throw new TypeError(`Expected reads to be 'pooled' or 'pipelined', got ${String(reads)}`)
  }
  if (isGiven) {
    if (reads === 'pooled') return
    throw new TypeError('Expected reads: pipelined without a pool that was passed in')
  }
  expectInteger('readConnections', options.readConnections, 1)
  expectPlace(options)
  const { pool = {} } = options
  expectOptions(pool, POOL_OPTIONS, 'createDatabase.pool')
  const { reset = 'changed' } = pool
  if (reset !== 'changed' && reset !== 'always') {
    throw new TypeError(`Expected pool.reset to be 'changed' or 'always', got ${String(reset)}`)
  }
  expectInteger('pool.max', pool.max, 1)
  expectInteger('pool.queueLimit', pool.queueLimit, 0)
  for (const name of DELAYS) expectPositive(`pool.${name}`, pool[name])
}

/** What goes to the server before the first statement, as text that a zero byte ends. */
const STARTUP = ['host', 'database', 'user', 'password', 'applicationName'] as const
/** What says where the database is, and as whom. */
const PLACE = ['url', 'host', 'port', 'database', 'user', 'password'] as const

/** Refuses what would lead elsewhere than it says. */
function expectPlace(options: OwnPoolOptions): void {
  for (const name of PLACE) {
    if (!(name in options) || options[name] !== undefined) continue
    throw new TypeError(
      `Expected ${name} to be given, got undefined: leave it out for libpq's variables and localhost`,
    )
  }
  const { url, port } = options
  if (
    'pool' in options &&
    options.pool === undefined &&
    url === undefined &&
    !('host' in options)
  ) {
    throw new TypeError(
      'Expected pool to be given, got undefined: nothing else says where to connect',
    )
  }
  const isUrl = typeof url === 'string' && /^postgres(ql)?:\/\//.test(url)
  if (url !== undefined && (!isUrl || /\0|%00/.test(url))) {
    throw new TypeError('Expected url to start with postgres:// or postgresql://, without U+0000')
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new TypeError(
      `Expected port to be an integer from 1 to 65535, got ${describeValue(port)}`,
    )
  }
  for (const name of STARTUP) {
    const value: unknown = options[name]
    // A parameter of the startup message ends at a zero byte, and the next one would begin there.
    if (value === undefined || (name === 'password' && typeof value === 'function')) continue
    if (typeof value === 'string' && !value.includes('\0')) continue
    throw new TypeError(`Expected ${name} to be text without U+0000, got ${describeValue(value)}`)
  }
}

function expectInteger(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return
  throw new TypeError(`Expected ${name} to be an integer from ${least} up, got ${String(value)}`)
}

function expectPositive(name: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return
  throw new TypeError(
    `Expected ${name} to be a number of milliseconds above 0, got ${String(value)}`,
  )
}
