import { expected } from '@yuzuru/concurrency/boundary'
import type { Kysely, QueryExecutor, QueryExecutorProvider } from 'kysely'
import { Binding } from './binding.ts'

/**
 * The database that a `tx`, or an instance derived from a database (`withSchema`, `withPlugin` …), belongs
 * to: for what is to be done outside of the transaction, after its end.
 *
 * @throws {TypeError} unless it is a Kysely
 * @returns `undefined` for a Kysely that `createDatabase` did not make
 * @example
 * afterCommit(tx, () => announce(databaseOf(tx)))
 */
export function databaseOf(db: QueryExecutorProvider): Kysely<unknown> | undefined {
  const { adapter } = executorOf(db)
  return adapter instanceof Binding ? adapter.context.database : undefined
}

/** Throws unless `db` is a Kysely, or a transaction of one. */
export function executorOf(db: QueryExecutorProvider): QueryExecutor {
  if (typeof db?.getExecutor !== 'function') throw expected('db to be a Kysely', db)
  return db.getExecutor()
}
