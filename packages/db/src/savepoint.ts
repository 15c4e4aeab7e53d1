import { cancelScope, shield, throwIfCancelled } from '@yuzuru/concurrency'
import type { Kysely, Transaction } from 'kysely'
import { bindTransaction } from './bind-transaction.ts'
import { suppress } from './transaction-end.ts'
import {
  callInTransaction,
  currentTransaction,
  type TransactionState,
} from './transaction-state.ts'

/** How long going back to a savepoint may take before the connection is closed. */
const ROLLBACK_TIMEOUT_MS = 5_000

/** Calls `fn` in a savepoint of `outer`: what it did is kept when it returns, undone when it throws. */
export async function savepoint<DB, T>(
  db: Kysely<DB>,
  outer: TransactionState,
  fn: (tx: Transaction<DB>) => T | PromiseLike<T>,
): Promise<T> {
  outer.assertActive()
  // Inside a savepoint the outer tx stands for the savepoint: waiting for its end would never end.
  const here = currentTransaction()
  const parent = here?.isWithin(outer) === true ? here : outer
  using _top = await parent.savepoints.acquire()
  parent.assertActive()
  const state = parent.nest()
  const { lease, root } = state
  root.savepointCount += 1
  const name = `yuzuru_${root.savepointCount}`
  await lease.statement('savepoint', `savepoint ${name}`, { effect: 'read' })
  try {
    const tx = bindTransaction(db, state)
    const value = await cancelScope(() => callInTransaction(state, () => fn(tx)), { name })
    throwIfCancelled()
    await lease.statement('release', `release savepoint ${name}`, { effect: 'read' })
    parent.afterCommit.push(...state.afterCommit)
    parent.afterRollback.push(...state.afterRollback)
    parent.rolledBack.push(...state.rolledBack)
    return value
  } catch (error) {
    parent.rolledBack.push(...state.afterRollback, ...state.rolledBack)
    await rollbackTo(name, state).catch((failed: unknown) => suppress(error, failed))
    throw error
  } finally {
    state.ended = true
  }
}

async function rollbackTo(name: string, { lease, root }: TransactionState): Promise<void> {
  if (!lease.inTransaction) return
  await shield(
    () =>
      lease.statement('rollback', `rollback to savepoint ${name}; release savepoint ${name}`, {
        effect: 'read',
        abort: 'destroy',
        timeoutMs: ROLLBACK_TIMEOUT_MS,
      }),
    { name: 'rollback' },
  )
  root.failure = undefined
}
