import { shield } from '@yuzuru/concurrency'
import { expectFunction } from '@yuzuru/concurrency/boundary'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import { DbError } from '../wire/db-error.ts'
import { suppress } from '../statements/transaction-end.ts'
import { callInTransaction } from '../statements/nested-use.ts'
import { type Hook, transactionOf, type TransactionState } from './transaction-state.ts'

/** How long all hooks of a transaction together may take, in milliseconds. */
const HOOKS_TIMEOUT_MS = 30_000

/**
 * Calls `fn`, and awaits it, after the commit and before `transaction()` returns; several in the order in
 * which they were added. A rollback, be it to a savepoint or before another attempt, discards it. Cancels do
 * not reach it, and all hooks together have 30 s.
 *
 * If it throws, the others are still called, and `transaction()` throws `after_commit_failed`: the
 * commit stands. It is lost if the process ends first: for what must happen use `enqueue` of `@yuzuru/jobs`.
 *
 * @throws {TypeError} when `tx` was not made by {@link transaction}, or `fn` is not a function
 * @example
 * afterCommit(tx, () => cache.delete(planId))
 */
export function afterCommit<DB>(tx: Transaction<DB>, fn: Hook): void {
  activeTransaction(tx, fn).afterCommit.push(fn)
}

/**
 * Calls `fn` after the transaction when what was done in `tx` was rolled back, also to a savepoint. Not
 * after an attempt that is followed by another, and not when the commit's outcome is unknown. What it throws
 * becomes the `suppressed` of the transaction's error.
 *
 * @throws {TypeError} when `tx` was not made by {@link transaction}, or `fn` is not a function
 * @example
 * afterRollback(tx, () => cache.delete(planId))
 */
export function afterRollback<DB>(tx: Transaction<DB>, fn: Hook): void {
  activeTransaction(tx, fn).afterRollback.push(fn)
}

function activeTransaction(tx: QueryExecutorProvider, fn: Hook): TransactionState {
  const transaction = transactionOf(tx)
  if (transaction === undefined) {
    throw new TypeError('Expected the tx of transaction(db, fn), got a db outside of it')
  }
  if (transaction.root.isForeign) {
    throw new TypeError(
      "Expected the tx of transaction(db, fn), got one in a transaction of Kysely's own, whose commit is not seen",
    )
  }
  expectFunction('fn', fn)
  transaction.assertActive()
  return transaction
}

/** Calls the hooks that are due after a commit. */
export async function runAfterCommit(state: TransactionState): Promise<void> {
  if (state.rolledBack.length + state.afterCommit.length === 0) return
  const errors = await runHooks([...state.rolledBack, ...state.afterCommit])
  if (errors.length === 0) return
  throw new DbError('The transaction was committed, but a function given to afterCommit failed', {
    operation: 'commit',
    code: 'after_commit_failed',
    outcome: 'unknown',
    cause: errors.length === 1 ? errors[0] : new AggregateError(errors),
  })
}

/** Calls the hooks that are due after `error` ended a transaction. */
export async function runAfterRollback(state: TransactionState, error: unknown): Promise<void> {
  if (DbError.isInstance(error) && error.code === 'commit_unknown') return
  if (state.rolledBack.length + state.afterRollback.length === 0) return
  const errors = await runHooks([...state.rolledBack, ...state.afterRollback])
  if (errors.length > 0)
    suppress(error, errors.length === 1 ? errors[0] : new AggregateError(errors))
}

async function runHooks(hooks: readonly Hook[]): Promise<unknown[]> {
  const errors: unknown[] = []
  await shield(
    async () => {
      for (const hook of hooks) {
        try {
          await callInTransaction(undefined, hook)
        } catch (error) {
          errors.push(error)
        }
      }
    },
    { name: 'hooks', timeoutMs: HOOKS_TIMEOUT_MS },
  ).catch((error: unknown) => errors.push(error))
  return errors
}
