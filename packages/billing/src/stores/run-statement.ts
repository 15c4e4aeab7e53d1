import { outcomeOf } from '@yuzuru/concurrency'
import { fieldOf, isMissingTable } from '@yuzuru/concurrency/boundary'
import type { QueryExecutorProvider, QueryResult } from 'kysely'
import { BillingError } from '../billing-error.ts'
import type { Statement } from './statement.ts'

/** How often a statement is tried that others get in the way of. */
const ATTEMPTS = 100

/**
 * Runs one statement by itself. Where sessions default to `repeatable read` or `serializable`, PostgreSQL refuses
 * one whose row another has just written; nothing has happened then, and it is tried again.
 *
 * @throws {BillingError} `'not_migrated'` when a table is not there
 * @see https://www.postgresql.org/docs/current/transaction-iso.html
 */
export async function runStatement<R>(
  statement: Statement<R>,
  db: QueryExecutorProvider,
): Promise<QueryResult<R>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await statement.execute(db)
    } catch (error) {
      if (isMissingTable(error, 'yuzuru_billing_')) throw notMigrated(error)
      if (attempt === ATTEMPTS || !isSerializationFailure(error)) throw error
    }
  }
}

/** SQLSTATE 40001, or `@yuzuru/db`'s word for it. */
function isSerializationFailure(error: unknown): boolean {
  const code = fieldOf(error, 'code')
  return code === '40001' || code === 'serialization_failure'
}

function notMigrated(cause: unknown): BillingError {
  return new BillingError(
    'The tables of billing are not there, or are of an earlier version: run migrate(db, [billingMigrations]) first',
    {
      operation: 'store',
      code: 'not_migrated',
      retryable: false,
      outcome: outcomeOf(cause) ?? 'unknown',
      cause,
    },
  )
}
