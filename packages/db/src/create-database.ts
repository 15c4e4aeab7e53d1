import {
  type Dialect,
  type DialectAdapter,
  Log,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import { Database } from './database.ts'
import { Binding } from './statements/binding.ts'
import type { DatabaseContext } from './statements/database-context.ts'
import { type DatabaseOptions, hasGivenPool } from './database-options.ts'
import { expectDatabaseOptions } from './expect-database-options.ts'
import { YuzuruDriver } from './transactions/driver.ts'
import { GivenPool } from './connections/given-pool.ts'
import { openSession } from './connections/open-session.ts'
import type { PgTypes } from './wire/pg-client.ts'
import { PipelinedReads } from './connections/pipelined-reads.ts'
import { Pool } from './connections/pool.ts'
import type { SessionSource } from './connections/session-source.ts'
import { valueParsers } from './wire/value-parsers.ts'

/**
 * Makes a `Kysely<DB>` on PostgreSQL. Nothing is sent before the first query.
 *
 * @throws {TypeError} on wrong options
 * @example
 * await using db = createDatabase<Schema>({ url: 'postgres://app@127.0.0.1/app' })
 * const office = await withTimeout(2_000, () =>
 *   db.selectFrom('offices').selectAll().where('id', '=', id).executeTakeFirstOrThrow())
 */
export function createDatabase<DB>(options: DatabaseOptions): Database<DB> {
  expectDatabaseOptions(options)
  const types = valueParsers(options)
  const driver = new YuzuruDriver()
  const compiler = new PostgresQueryCompiler()
  const dialect: Dialect = {
    createAdapter: (): DialectAdapter => new Binding(context),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => compiler,
  }
  const { plugins, log } = options
  const context: DatabaseContext = {
    options,
    sessions: sessionsOf(options, types),
    reads: readsOf(options, types),
    types,
    compiler,
    log: log === undefined ? undefined : new Log(log),
    commitTimeoutMs: options.commitTimeoutMs ?? 30_000,
    config: {
      dialect,
      ...(plugins === undefined ? {} : { plugins }),
      ...(log === undefined ? {} : { log }),
    },
    driver,
  }
  driver.attach(context)
  const database = new Database<DB>(context)
  context.database = database as Database<unknown>
  return database
}

function readsOf(options: DatabaseOptions, types: PgTypes): PipelinedReads | undefined {
  if (hasGivenPool(options) || options.reads !== 'pipelined') return undefined
  const { readConnections = 2 } = options
  return new PipelinedReads(
    (signal) => openSession(options, types, signal, true),
    types,
    readConnections,
  )
}

function sessionsOf(options: DatabaseOptions, types: PgTypes): SessionSource {
  if (hasGivenPool(options)) return new GivenPool(options)
  return new Pool((signal) => openSession(options, types, signal), options)
}
