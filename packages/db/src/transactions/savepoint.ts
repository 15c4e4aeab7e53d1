import { shield } from '@yuzuru/concurrency'
import type { Kysely, Transaction } from 'kysely'
import { bindTransaction } from './bind-transaction.ts'
import { suppress } from '../statements/transaction-end.ts'
import { failureOf } from './transaction-failure.ts'
import { awaited } from './transaction-body.ts'
import { currentTransaction } from '../statements/nested-use.ts'
import { stateOf, type TransactionState } from './transaction-state.ts'

/** How long a statement about a savepoint may take before the connection is closed, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 5_000

/** Calls `fn` in a savepoint of `outer`: what it did is kept when it returns, undone when it throws. */
export async function savepoint<DB, T>(
  db: Kysely<DB>,
  outer: TransactionState,
  fn: (tx: Transaction<DB>) => T | PromiseLike<T>,
): Promise<T> {
  outer.assertActive()
  outer.enter()
  try {
    return await nested(db, outer, fn)
  } finally {
    outer.leave()
  }
}

async function nested<DB, T>(
  db: Kysely<DB>,
  outer: TransactionState,
  fn: (tx: Transaction<DB>) => T | PromiseLike<T>,
): Promise<T> {
  // Inside a savepoint the outer tx means the savepoint: waiting for its end here would never end.
  const here = stateOf(currentTransaction())
  const parent = here?.isWithin(outer) === true ? here : outer
  parent.lease.refuseDuringCopy()
  using _top = await parent.savepoints.acquire()
  parent.assertActive()
  const state = parent.nest()
  const { root } = state
  root.savepointCount += 1
  const name = `yuzuru_${root.savepointCount}`
  // Waiting for a connection may be cancelled, and has its own limits.
  await state.lease.begin()
  // A cancel of one of these statements would fail the whole transaction, and not only the savepoint.
  await uncancelled(state, 'savepoint', `savepoint ${name}`)
  try {
    const tx = bindTransaction(db, state)
    const value = await awaited(state, name, () => fn(tx))
    await uncancelled(state, 'release', `release savepoint ${name}`)
    parent.afterCommit.push(...state.afterCommit)
    parent.afterRollback.push(...state.afterRollback)
    parent.rolledBack.push(...state.rolledBack)
    return value
  } catch (error) {
    parent.rolledBack.push(...state.afterRollback, ...state.rolledBack)
    const cause = failureOf(error, state)
    await rollbackTo(name, state).catch((failed: unknown) => suppress(cause, failed))
    throw cause
  } finally {
    state.ended = true
  }
}

async function rollbackTo(name: string, state: TransactionState): Promise<void> {
  if (!state.lease.inTransaction) return
  const both = `rollback to savepoint ${name}; release savepoint ${name}`
  await uncancelled(state, 'rollback', both)
  state.root.failure = undefined
}

async function uncancelled(
  state: TransactionState,
  operation: string,
  text: string,
): Promise<void> {
  const limits = { effect: 'read', abort: 'destroy', timeoutMs: STATEMENT_TIMEOUT_MS } as const
  await shield(() => state.lease.statement(operation, text, limits), { name: operation })
}
