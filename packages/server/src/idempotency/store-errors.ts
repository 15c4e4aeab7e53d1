import { outcomeOf } from '@yuzuru/concurrency'
import { fieldOf } from '@yuzuru/concurrency/boundary'
import { ServerError } from '../server-error.ts'

/** Serialization failures and deadlocks, as `pg` and as `@yuzuru/db` have them. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(String(fieldOf(error, 'sqlState') ?? fieldOf(error, 'code')))
}

export function endedByHandler(cause: unknown): ServerError {
  return new ServerError(
    'The transaction of an idempotent request was ended by its handler: it takes no COMMIT or ROLLBACK of its own',
    {
      operation: 'idempotent',
      code: 'outcome_unknown',
      retryable: false,
      outcome: 'unknown',
      cause,
    },
  )
}

export function notMigrated(cause: unknown): ServerError {
  return new ServerError(
    'The tables of the idempotency keys are not there, or are of an earlier version: run migrate(db, [idempotencyMigrations]) first',
    {
      operation: 'idempotent',
      code: 'not_migrated',
      retryable: false,
      outcome: outcomeOf(cause) ?? 'unknown',
      cause,
    },
  )
}
