import type { Kysely, QueryExecutorProvider } from 'kysely'
import { Binding } from './binding.ts'

/**
 * The database that a `tx`, or an instance derived from a database (`withSchema`, `withPlugin` …), belongs
 * to: for what is to be done outside of the transaction, after its end.
 *
 * @returns `undefined` for a Kysely that `createDatabase` did not make
 * @example
 * afterCommit(tx, () => announce(databaseOf(tx)))
 */
export function databaseOf(db: QueryExecutorProvider): Kysely<unknown> | undefined {
  const { adapter } = db.getExecutor()
  return adapter instanceof Binding ? adapter.context.database : undefined
}
