import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { QueryExecutorProvider } from 'kysely'
import { createDatabase } from './create-database.ts'
import type { Database } from './database.ts'
import { hasGivenPool, type PoolOptions } from './database-options.ts'
import { Binding } from './statements/binding.ts'
import { executorOf } from './statements/database-of.ts'

const POOL_OPTIONS = Object.keys({
  connections: true,
  queue: true,
  acquireTimeoutMs: true,
  connectTimeoutMs: true,
  idleTimeoutMs: true,
  reset: true,
} satisfies Record<keyof PoolOptions, true>)

/**
 * Makes a database with the settings of `db` and a separate pool, for work that must not wait for a free
 * connection of `db`, such as extending a lease. Nothing is sent before the first query. Close it yourself.
 *
 * @param pool the options that differ: `connections` and the other limits of a pool
 * @returns `undefined` when no separate connections can be made: `db` uses a pool that was passed in, or
 *   was not made by `createDatabase`
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * await using own = beside(db, { connections: 2 })
 * await keepLease(own ?? db)
 */
export function beside<DB>(
  db: QueryExecutorProvider,
  pool: PoolOptions = {},
): Database<DB> | undefined {
  expectOptions(pool, POOL_OPTIONS, 'beside')
  const { adapter } = executorOf(db)
  if (!(adapter instanceof Binding)) return undefined
  const { options } = adapter.context
  if (hasGivenPool(options)) return undefined
  return createDatabase<DB>({ ...options, reads: 'pooled', ...pool })
}
