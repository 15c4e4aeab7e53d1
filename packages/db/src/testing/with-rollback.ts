import type { Transaction } from 'kysely'
import type { Queryable } from '../statements/queryable.ts'
import { transaction } from '../transactions/transaction.ts'

/**
 * Calls `fn` in a transaction that is always rolled back: a test that leaves nothing behind and runs
 * beside others. Code under test that calls `transaction(tx, …)` gets a savepoint; its `afterCommit` is
 * not called, since nothing commits.
 *
 * @returns what `fn` returned
 * @example
 * test('approves', () => withRollback(db, async (tx) => { await approve(tx, planId) }))
 */
export async function withRollback<DB, T>(
  db: Queryable<DB>,
  fn: (tx: Transaction<DB>) => T | PromiseLike<T>,
): Promise<T> {
  const undo = new Error('Rolled back on purpose')
  const results: T[] = []
  try {
    await transaction(
      db,
      async (tx) => {
        results.push(await fn(tx))
        throw undo
      },
      { attempts: 1 },
    )
  } catch (error) {
    if (error !== undo) throw error
  }
  const [result] = results
  return result as T
}
