import { throwIfCancelled } from '@yuzuru/concurrency'
import { databaseOf, type Queryable, transaction } from '@yuzuru/db'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import { expectOpen } from '../database/expect-open.ts'
import { plainTransaction } from '../database/plain-transaction.ts'

/** The run of a handler of `mode: 'transactional'`. */
export interface HandlerInTransaction {
  /** Calls the handler. */
  readonly run: (tx: Transaction<unknown>) => Promise<unknown>
  /** Completes the job with what the handler returned: the last statement before COMMIT. */
  readonly complete: (tx: Transaction<unknown>, value: unknown) => Promise<void>
}

/**
 * Runs a handler in a transaction that completes its job as well. It is called again after a serialization failure, where
 * the database is one of `@yuzuru/db`. A handler that was cancelled completes nothing, though it returned.
 */
export async function runInTransaction(
  db: QueryExecutorProvider,
  { run, complete }: HandlerInTransaction,
): Promise<unknown> {
  const body = async (tx: Transaction<unknown>): Promise<unknown> => {
    const value = await run(tx)
    throwIfCancelled()
    await expectOpen(tx, 'completeIn')
    await complete(tx, value)
    return value
  }
  return await inTransactionOf(db, body)
}

/** Runs `body` in a transaction, again after a serialization failure where the database is one of `@yuzuru/db`. */
export async function inTransactionOf<T>(
  db: QueryExecutorProvider,
  body: (tx: Transaction<unknown>) => Promise<T>,
): Promise<T> {
  const queryable = db as Queryable<unknown>
  if (databaseOf(queryable) === undefined) return await plainTransaction(queryable, body)
  return await transaction(queryable, body)
}
