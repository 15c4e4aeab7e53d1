import { currentClock, outcomeOf, remaining, sleep } from '@yuzuru/concurrency'
import { backoff, expectFunction, oneCall } from '@yuzuru/concurrency/boundary'
import { type Binding, bindingOf } from '../statements/binding.ts'
import { Lease } from '../statements/lease.ts'
import { refuseNested } from '../statements/nested-use.ts'
import type { Queryable } from '../statements/queryable.ts'
import { TransactionBegin } from '../statements/transaction-begin.ts'
import { type Attempt, attemptOnce, type Body } from './attempt.ts'
import { conflictIn } from './conflict.ts'
import { savepoint } from './savepoint.ts'
import { runAfterCommit, runAfterRollback } from './transaction-hooks.ts'
import {
  beginStatements,
  expectTransactionOptions,
  type TransactionOptions,
} from './transaction-options.ts'
import { enclosingTransaction, TransactionState } from './transaction-state.ts'

/*
 * The life of a transaction:
 *
 *  1. The arguments are checked. Within a transaction it is a savepoint: `savepoint.ts`.
 *  2. One scope is opened around all of it, so that a cancel or a deadline from outside reaches every
 *     statement, and what the function leaves running is cancelled and awaited.
 *  3. An attempt holds no connection before its first statement, which takes BEGIN along in the same
 *     round trip: `transaction-begin.ts`.
 *  4. The function runs with its `tx`: `bind-transaction.ts`, `transaction-body.ts`.
 *  5. It throws: ROLLBACK. The first error is thrown, in the form that the caller needs: a cancel from
 *     inside is not a cancel of the caller: `transaction-failure.ts`.
 *  6. It returns: COMMIT, out of reach of every cancel. An answer that does not come is `commit_unknown`,
 *     with the transaction's id for `commitOutcome`: `transaction-end.ts`.
 *  7. Either way the connection goes back: `attempt.ts`.
 *  8. After a serialization failure or a deadlock, also at COMMIT: a pause without a connection, then again
 *     from 3, until the attempts are used up. A transaction whose outcome is unknown is not repeated, nor is
 *     one whose function had an effect elsewhere.
 *  9. The hooks run: `transaction-hooks.ts`. A commit stands, whatever they throw.
 *
 * The rules for cancels, deadlines and outcomes: docs/semantics.md, 20 to 22.
 */

/** The wait between two attempts. */
const delayMs = backoff({ baseDelayMs: 10, maxDelayMs: 1_000 })

/**
 * Calls `fn` within a transaction: commits when it returns, rolls back when it throws. After a
 * serialization failure or a deadlock, also one at COMMIT, `fn` is called again, unless it had an effect
 * beside the transaction (a request, a write to another database): that was not undone, and would happen
 * twice. Such effects belong in {@link afterCommit} or in a job.
 *
 * Given a `tx` it makes a savepoint in it instead; the options then do not apply, except `signal` and
 * `timeoutMs`.
 *
 * Not for work that waits for anything but the database, such as an HTTP request: an open transaction holds
 * its connection and its locks. One statement needs no transaction.
 *
 * @returns what `fn` returned, once the server has confirmed the commit
 * @throws what `fn` threw; a rollback that failed is its `suppressed`
 * @throws {DbError} `commit_unknown` when the connection was lost during COMMIT: see {@link commitOutcome};
 *   `transaction_aborted` when a statement failed, was cancelled or was not awaited, although `fn` returned;
 *   `serialization_failure` or `deadlock` after the last attempt; `after_commit_failed`;
 *   `nested_connection` when `db` is used inside its own transaction
 * @throws {TimeoutError} when `timeoutMs` has passed; rolled back, unless COMMIT was under way
 * @throws {Cancelled} when the scope around it is cancelled; rolled back, unless COMMIT was under way
 * @throws {TypeError} when an argument has the wrong type or an option is unknown, before anything is sent
 * @example
 * await transaction(db, async (tx) => {
 *   await tx.updateTable('accounts').set({ balance }).where('id', '=', id).execute()
 * }, { isolation: 'serializable' })
 */
export async function transaction<DB, T>(
  db: Queryable<DB>,
  fn: Body<DB, T>,
  options: TransactionOptions = {},
): Promise<T> {
  const binding = bindingOf(db)
  expectFunction('fn', fn)
  expectTransactionOptions(options)
  const outer = enclosingTransaction(db)
  // One scope from begin to end: what a forgotten transaction left running is ended and awaited.
  return await oneCall('transaction', options, async (scope) => {
    if (outer !== undefined) return await savepoint(db, outer, fn)
    if (binding.connection?.lease.holdsSession !== true) refuseNested(binding.context)
    for (let count = 1; ; count += 1) {
      const attempt = prepare(binding, options)
      let value: T
      try {
        value = await attemptOnce(db, attempt, fn)
      } catch (error) {
        // The connection has been given back: neither the pause nor a hook holds it.
        const mayHelp = count < (options.attempts ?? 4) && conflictIn(error) !== undefined
        // It is repeated whole or not at all: an effect beside the transaction was not undone with it.
        if (mayHelp && scope.outcome === 'none' && outcomeOf(error) !== 'unknown') {
          await sleep(delayMs(count))
          continue
        }
        await runAfterRollback(attempt.state, error)
        throw error
      }
      await runAfterCommit(attempt.state)
      return value
    }
  })
}

/** Makes what an attempt needs; nothing is sent, and no connection taken. */
function prepare({ context, connection }: Binding, options: TransactionOptions): Attempt {
  const { readOnly = false, allowNested = false } = options
  // The deadline around the transaction, not the one around its first statement.
  const deadline = currentClock().now() + remaining()
  const statements = (): readonly string[] =>
    beginStatements(options, deadline - currentClock().now())
  const begin = new TransactionBegin(statements, !readOnly, context.types)
  const state = new TransactionState(
    context,
    new Lease(context, begin, connection?.lease.lend()),
    allowNested,
  )
  if (connection !== undefined) connection.transaction = state
  return { state, begin, readOnly }
}
