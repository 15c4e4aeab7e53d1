import { withPlainFailure } from '@yuzuru/concurrency/boundary'
import type { Kysely, Transaction } from 'kysely'

/**
 * Runs `body`, which calls code of others, in a transaction of Kysely's own, that is rolled back whatever it throws.
 *
 * @throws what `body` threw, certainly rolled back, also where the connection was lost before ROLLBACK
 */
export async function plainTransaction<DB, T>(
  db: Kysely<DB>,
  body: (tx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  return await withPlainFailure((fn) => db.transaction().execute(fn), body)
}
