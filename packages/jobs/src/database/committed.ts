import type { Kysely, Transaction } from 'kysely'

/**
 * Runs `fn` in a transaction of which each statement sees what was committed before it, and finds a row that another
 * transaction had locked as that one left it.
 */
export async function committed<T>(
  db: Kysely<unknown>,
  fn: (tx: Transaction<unknown>) => Promise<T>,
): Promise<T> {
  return await db.transaction().setIsolationLevel('read committed').execute(fn)
}
