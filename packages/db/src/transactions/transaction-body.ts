import { cancelScope, throwIfCancelled } from '@yuzuru/concurrency'
import { DbError } from '../wire/db-error.ts'
import { callInTransaction } from '../statements/nested-use.ts'
import type { TransactionState } from './transaction-state.ts'

/**
 * Calls the function of a transaction or a savepoint, and waits for all that it started. Work that it left
 * running is cancelled and reported. If a statement is among that, it is missing in the transaction, which
 * must then not be committed.
 *
 * @throws {DbError} `transaction_aborted` when a statement was not awaited
 */
export async function awaited<T>(
  state: TransactionState,
  name: string,
  fn: () => T | PromiseLike<T>,
): Promise<T> {
  let forgotten = 0
  const body = async (): Promise<T> => {
    const value = await callInTransaction(state, fn)
    forgotten = state.underWay
    return value
  }
  const value = await cancelScope(body, { name })
  throwIfCancelled()
  if (forgotten === 0) return value
  throw new DbError(
    `The function of the transaction returned while ${forgotten === 1 ? 'a statement' : `${forgotten} statements`} of it ran. Is an await missing?`,
    { operation: 'commit', code: 'transaction_aborted', outcome: 'none' },
  )
}
