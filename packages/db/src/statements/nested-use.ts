import { AsyncLocalStorage } from 'node:async_hooks'
import { DbError } from '../wire/db-error.ts'

/** A transaction or savepoint, as far as the check for nested use looks at it. */
export interface Surrounding {
  /** The database that it is of, compared by identity. */
  readonly context: object
  /** The transaction, or savepoint, that this savepoint is in. */
  readonly parent: Surrounding | undefined
  readonly ended: boolean
  /** Whether the same database may be used inside, on a second connection. */
  readonly allowNested: boolean
}

const current = new AsyncLocalStorage<Surrounding | undefined>()

/** Calls `fn` so that all that it starts knows of the transaction; `undefined`: of none. */
export function callInTransaction<T>(transaction: Surrounding | undefined, fn: () => T): T {
  return current.run(transaction, fn)
}

/** The innermost transaction or savepoint around the caller that has not ended. */
export function currentTransaction(): Surrounding | undefined {
  let transaction = current.getStore()
  while (transaction?.ended === true) transaction = transaction.parent
  return transaction
}

/**
 * Throws when the caller already holds a connection of this database and asks for a second one: with a
 * small pool, enough such callers at once wait for each other for ever.
 *
 * @throws {DbError} `nested_connection`
 */
export function refuseNested(context: object): void {
  const transaction = currentTransaction()
  if (transaction === undefined || transaction.context !== context || transaction.allowNested) {
    return
  }
  throw new DbError(
    'The database was used inside its own transaction. Use the tx, or allowNested: true if a second connection is meant',
    { operation: 'acquire', code: 'nested_connection', outcome: 'none' },
  )
}
