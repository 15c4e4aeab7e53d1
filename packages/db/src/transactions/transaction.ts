import { cancelScope, currentClock, remaining, sleep, withTimeout } from '@yuzuru/concurrency'
import type { Kysely, Transaction } from 'kysely'
import { commit, rollback, suppress } from '../statements/transaction-end.ts'
import { bindTransaction } from './bind-transaction.ts'
import { bindingOf, type Binding } from '../statements/binding.ts'
import type { DatabaseContext } from '../statements/database-context.ts'
import { conflictIn } from './conflict.ts'
import { Lease } from '../statements/lease.ts'
import type { Queryable } from '../statements/queryable.ts'
import { savepoint } from './savepoint.ts'
import { runAfterCommit, runAfterRollback } from './transaction-hooks.ts'
import { TransactionBegin } from '../statements/transaction-begin.ts'
import { abortedBy, failureOf } from './transaction-failure.ts'
import {
  beginStatements,
  expectTransactionOptions,
  type TransactionOptions,
} from './transaction-options.ts'
import { awaited } from './transaction-body.ts'
import { refuseNested } from '../statements/nested-use.ts'
import { enclosingTransaction, TransactionState } from './transaction-state.ts'

type Body<DB, T> = (tx: Transaction<DB>) => T | PromiseLike<T>

/**
 * Calls `fn` within a transaction: commits when it returns, rolls back when it throws. After a
 * serialization failure or a deadlock, also one at COMMIT, `fn` is called again. Given a `tx` it makes
 * a savepoint in it instead; the options then do not apply, except `signal` and `timeoutMs`.
 *
 * @returns what `fn` returned, once the server has confirmed the commit
 * @throws what `fn` threw; a rollback that failed is its `suppressed`
 * @throws {DbError} `commit_unknown` when the connection was lost during COMMIT: see {@link commitOutcome}
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
  const outer = enclosingTransaction(db)
  if (typeof fn !== 'function')
    throw new TypeError(`Expected fn to be a function, got ${typeof fn}`)
  expectTransactionOptions(options)
  const { signal, timeoutMs } = options
  const body = (): Promise<T> =>
    outer === undefined ? outermost(binding, db, fn, options) : savepoint(db, outer, fn)
  // One scope from its begin to its end: where it is forgotten, all of it is ended and awaited.
  const scope = { name: 'transaction', ...(signal === undefined ? {} : { signal }) }
  if (timeoutMs === undefined) return await cancelScope(body, scope)
  const joined = signal === undefined ? body : () => cancelScope(body, scope)
  return await withTimeout(timeoutMs, joined, { name: 'transaction' })
}

/** The longest wait before the second attempt, doubled for each further one. */
const FIRST_DELAY_MS = 10
const MAX_DELAY_MS = 1_000

async function outermost<DB, T>(
  { context, connection: host }: Binding,
  db: Kysely<DB>,
  fn: Body<DB, T>,
  options: TransactionOptions,
): Promise<T> {
  const { retries = 3 } = options
  if (host?.lease.holdsSession !== true) refuseNested(context)
  for (let attempt = 0; ; attempt += 1) {
    const begin = beginOf(context, options)
    const lease = new Lease(context, begin, host?.lease.lend())
    const state = new TransactionState(context, lease, options.allowNested === true)
    if (host !== undefined) host.transaction = state
    let value: T
    try {
      value = await once(db, state, begin, fn, options)
    } catch (error) {
      // The connection has been given back: neither the pause nor a hook holds it.
      if (attempt < retries && conflictIn(error) !== undefined) {
        await sleep(Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt))
        continue
      }
      await runAfterRollback(state, error)
      throw error
    }
    await runAfterCommit(state)
    return value
  }
}

function beginOf(context: DatabaseContext, options: TransactionOptions): TransactionBegin {
  // What is left of the time around the transaction, not of what is around its first statement.
  const deadline = currentClock().now() + remaining()
  const statements = (): readonly string[] =>
    beginStatements(options, deadline - currentClock().now())
  return new TransactionBegin(statements, options.readOnly !== true, context.types)
}

/** One attempt, from the connection that it borrows to giving that back. */
async function once<DB, T>(
  db: Kysely<DB>,
  state: TransactionState,
  begin: TransactionBegin,
  fn: Body<DB, T>,
  options: TransactionOptions,
): Promise<T> {
  try {
    return await beginToEnd(db, state, begin, fn, options)
  } finally {
    state.ended = true
    state.lease.release()
  }
}

async function beginToEnd<DB, T>(
  db: Kysely<DB>,
  state: TransactionState,
  begin: TransactionBegin,
  fn: Body<DB, T>,
  options: TransactionOptions,
): Promise<T> {
  const { context, lease } = state
  let value: T
  try {
    const tx = bindTransaction(db, state)
    value = await awaited(state, 'statements', () => fn(tx))
  } catch (error) {
    state.ended = true
    const cause = failureOf(error, state)
    await rollback(lease).catch((failed: unknown) => suppress(cause, failed))
    throw cause
  }
  state.ended = true
  await lease.settled(context.commitTimeoutMs)
  if (begin.pending) {
    if (begin.failure !== undefined) throw failureOf(state.failure ?? begin.failure, state)
    // Nothing was sent, so there is nothing to commit.
    return value
  }
  const readOnly = options.readOnly === true
  if (await commit(lease, { readOnly, timeoutMs: context.commitTimeoutMs })) return value
  throw abortedBy(state)
}
