import type { Kysely, Transaction } from 'kysely'
import { commit, rollback, suppress } from '../statements/transaction-end.ts'
import type { TransactionBegin } from '../statements/transaction-begin.ts'
import { bindTransaction } from './bind-transaction.ts'
import { awaited } from './transaction-body.ts'
import { abortedBy, failureOf } from './transaction-failure.ts'
import type { TransactionState } from './transaction-state.ts'

/** The function of a transaction. */
export type Body<DB, T> = (tx: Transaction<DB>) => T | PromiseLike<T>

/** The parts of one attempt at a transaction. */
export interface Attempt {
  readonly state: TransactionState
  readonly begin: TransactionBegin
  readonly readOnly: boolean
}

/** Runs one attempt, from borrowing its connection to returning it. */
export async function attemptOnce<DB, T>(
  db: Kysely<DB>,
  attempt: Attempt,
  fn: Body<DB, T>,
): Promise<T> {
  const { state } = attempt
  try {
    const value = await untilReturn(db, state, fn)
    await end(attempt)
    return value
  } finally {
    state.ended = true
    state.lease.release()
  }
}

/** Calls the function, and rolls back when it throws. */
async function untilReturn<DB, T>(
  db: Kysely<DB>,
  state: TransactionState,
  fn: Body<DB, T>,
): Promise<T> {
  try {
    const tx = bindTransaction(db, state)
    return await awaited(state, 'statements', () => fn(tx))
  } catch (error) {
    state.ended = true
    const cause = failureOf(error, state)
    await rollback(state.lease).catch((failed: unknown) => suppress(cause, failed))
    throw cause
  }
}

/** Commits, if anything has begun. */
async function end({ state, begin, readOnly }: Attempt): Promise<void> {
  const { context, lease } = state
  const timeoutMs = context.commitTimeoutMs
  state.ended = true
  if (begin.pending) {
    // Its first statement may still be under way, and begins the transaction.
    await lease.settled(timeoutMs)
    if (begin.failure !== undefined) throw failureOf(state.failure ?? begin.failure, state)
    // Nothing was sent, so there is nothing to commit.
    if (begin.pending) return
  }
  lease.refuseEndedByHand()
  if (!(await commit(lease, { readOnly, timeoutMs }))) throw abortedBy(state)
}
