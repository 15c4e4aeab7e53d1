import type { KyselyConfig } from 'kysely'
import type { ConnectionOptions } from 'node:tls'
import type { PgPoolLike } from './wire/pg-client.ts'
import type { ValueOptions } from './wire/value-parsers.ts'

/** How many connections there are, and how long to wait for one. */
export interface PoolOptions {
  /**
   * The most connections at once, from 1 up. Size it by what runs together: a hundred requests of two
   * 30 ms queries each need 630 ms with 10 and 60 ms with 100.
   *
   * @default 10
   */
  readonly connections?: number | undefined
  /** How many may wait for a connection before `overloaded`, from 0 up. @default 1_000 */
  readonly queue?: number | undefined
  /** How long one may wait, in milliseconds, before `acquire_timeout`. @default 30_000 */
  readonly acquireTimeoutMs?: number | undefined
  /** How long making a connection may take, in milliseconds. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined
  /** How long an unused connection is kept, in milliseconds; `Infinity` keeps it. @default 30_000 */
  readonly idleTimeoutMs?: number | undefined
  /**
   * When a connection is reset (`DISCARD ALL`, one round trip) before the next one has it. `'changed'`:
   * after a statement whose text may leave something on it (`SET`, a temporary table, a lock of the
   * session, `LISTEN`, `PREPARE`, a cursor `WITH HOLD`, `DO`, `CALL`), or a change that the server
   * reports. What your own functions leave behind is not seen: `'always'` is for those.
   *
   * @default 'changed'
   */
  readonly reset?: 'changed' | 'always' | undefined
}

/** Options for connections of our own and for a pool that was passed in. */
export interface CommonDatabaseOptions extends ValueOptions {
  /** Kysely's plugins for every query. */
  readonly plugins?: KyselyConfig['plugins'] | undefined
  /** Kysely's logging. Its events hold the parameters of the queries. */
  readonly log?: KyselyConfig['log'] | undefined
  /**
   * How long the server may take to stop a cancelled statement, in milliseconds; then the connection
   * is closed. @default 5_000
   */
  readonly cancelTimeoutMs?: number | undefined
  /** How long COMMIT may take, in milliseconds; then its outcome is unknown. @default 30_000 */
  readonly commitTimeoutMs?: number | undefined
}

/**
 * Where the database is. What is left out comes from libpq's variables (`PGHOST` …), as in pg. None of
 * these takes `undefined`: that would go to localhost in silence.
 */
export interface ConnectionFields {
  /** The folder of a Unix socket begins with `/`; an address of IPv6 may stand in brackets. @default 'localhost' */
  readonly host?: string
  /** @default 5432 */
  readonly port?: number
  readonly database?: string
  readonly user?: string
  /** Asked anew for each connection when it is a function: for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>)
}

/** Connections of our own. */
export interface OwnPoolOptions
  extends CommonDatabaseOptions, ConnectionFields, PoolOptions, ReadOptions {
  /** `postgres://user:password@host:port/database`; takes precedence over the single fields. */
  readonly url?: string
  /**
   * Whether, and how, to encrypt. `true` and an object verify the server's certificate and name. So do the
   * URL's `sslmode=prefer`, `require`, `verify-ca` and `verify-full`, unlike in libpq; `no-verify` encrypts
   * for any server that answers, `disable` does not encrypt. Given both, they have to say the same: an object then
   * says the rest, such as the `ca`.
   *
   * @default as the URL's `sslmode` or `PGSSLMODE` says; without either, not encrypted
   */
  readonly ssl?: boolean | ConnectionOptions | undefined
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string | undefined
  /**
   * The most that the server's answer to one statement may take, in bytes on the wire, from 65_536 up to
   * 1_073_741_823, the longest message that PostgreSQL sends. One that is larger fails with
   * `answer_too_large`, and its connection is closed. What is not kept does not count: a COPY, and a
   * stream but for its batches.
   *
   * @default 268_435_456 (256 MiB)
   */
  readonly maxAnswerBytes?: number | undefined
}

/** What {@link OwnPoolOptions.maxAnswerBytes} is by default. */
export const MAX_ANSWER_BYTES = 268_435_456

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
  readonly reads?: 'pooled' | 'pipelined' | undefined
  /** How many connections, beside the pool, pipelined reads share, from 1 up. @default 2 */
  readonly readConnections?: number | undefined
}

/** What only connections of our own have. */
type OwnOnly = {
  readonly [K in Exclude<keyof OwnPoolOptions, keyof CommonDatabaseOptions>]?: never
}

/** A pool that was passed in. Its limits hold, and it is never closed here. */
export interface GivenPoolOptions extends CommonDatabaseOptions, OwnOnly {
  /** A pg `Pool`, something alike, or what makes one (called once, before the first query). */
  readonly client: PgPoolLike | (() => PgPoolLike | Promise<PgPoolLike>)
}

/** Options of {@link createDatabase}: connections of our own, or a pool of yours. */
export type DatabaseOptions = OwnPoolOptions | GivenPoolOptions

/** Whether a pool, or what makes one, was passed in. */
export function hasGivenPool(options: DatabaseOptions): options is GivenPoolOptions {
  return 'client' in options
}
