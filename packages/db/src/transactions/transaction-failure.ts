import { Cancelled, currentSignal } from '@yuzuru/concurrency'
import { DbError } from '../wire/db-error.ts'
import type { TransactionState } from './transaction-state.ts'

/**
 * What to throw when `error` ended a transaction or a savepoint. Call it outside of it, in the scope of its
 * caller.
 */
export function failureOf(error: unknown, { root }: TransactionState): unknown {
  const late = DbError.isInstance(error) && error.code === 'transaction_aborted'
  // Prefer the original failure over the 'already aborted' that followed it.
  return asSeenFromOutside(late && root.failure !== undefined ? root.failure : error)
}

/**
 * A cancel of a scope inside the transaction is not a cancel of the transaction's caller: the caller would
 * take it for its own, and a task group would end the work in silence. An outer cancel takes precedence,
 * and stays one.
 */
function asSeenFromOutside(error: unknown): unknown {
  if (!Cancelled.isInstance(error)) return error
  const outer = currentSignal()
  return outer?.aborted === true ? outer.reason : cancelledWithin(error)
}

function cancelledWithin(cause: Cancelled): DbError {
  return new DbError(
    `A scope within the transaction was cancelled ("${cause.scope}"), so it was rolled back. Put transaction(tx, fn) around what may be cancelled, to keep the rest`,
    { operation: 'commit', code: 'transaction_aborted', outcome: 'none', cause },
  )
}

/** The server rolled back instead of committing, because a statement had failed. */
export function abortedBy(state: TransactionState): unknown {
  const init = { operation: 'commit', code: 'transaction_aborted', outcome: 'none' } as const
  const message = 'The transaction was rolled back: a statement in it had failed'
  return failureOf(new DbError(message, init), state)
}
