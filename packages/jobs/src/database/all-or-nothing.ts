import { shield } from '@yuzuru/concurrency'
import { Semaphore } from '@yuzuru/concurrency/sync'
import { databaseOf, type Queryable, transaction } from '@yuzuru/db'
import { type QueryExecutorProvider, sql, type Transaction } from 'kysely'
import { execute } from './execute.ts'

/**
 * Runs `fn` so that all that it writes is kept when it returns, and none of it when it throws: in a transaction of its
 * own, or in a savepoint of the caller's, who may go on after the error.
 */
export async function allOrNothing<DB, T>(
  db: Queryable<DB>,
  operation: string,
  fn: (tx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  if (databaseOf(db) !== undefined) return await transaction(db, fn)
  if (!('isTransaction' in db && db.isTransaction)) return await db.transaction().execute(fn)
  return await inSavepoint(db as Transaction<DB>, operation, fn)
}

/** Savepoints are a stack: of two calls side by side one waits for the other. */
const turns = new WeakMap<object, Semaphore>()

/** In a transaction of Kysely's own, on a database that is not one of `@yuzuru/db`. */
async function inSavepoint<DB, T>(
  tx: Transaction<DB>,
  operation: string,
  fn: (tx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  const turn = turns.get(tx) ?? new Semaphore(1, { name: operation })
  turns.set(tx, turn)
  using _turn = await turn.acquire()
  await savepoint(tx, operation, 'savepoint')
  try {
    const value = await fn(tx)
    await shield(() => savepoint(tx, operation, 'release savepoint'))
    return value
  } catch (error) {
    // What failed first is what is thrown: where the connection is gone, there is nothing to undo.
    await shield(() => savepoint(tx, operation, 'rollback to savepoint')).catch(() => undefined)
    throw error
  }
}

async function savepoint(
  tx: QueryExecutorProvider,
  operation: string,
  verb: string,
): Promise<void> {
  const statement = sql`${sql.raw(verb)} yuzuru_jobs`
  await execute(tx, { operation, effect: 'write' }, statement)
}
