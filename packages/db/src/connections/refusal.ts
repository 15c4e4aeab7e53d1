import type { RefusedEntry } from '@yuzuru/concurrency/boundary'
import { DbError } from '../wire/db-error.ts'

/** The error of a statement that got its connection after the pool was cut off. */
export function closedMeanwhile(): DbError {
  return refusal({
    code: 'closed',
    message: 'the database is closed',
    retryable: false,
    outcome: 'none',
  })
}

/**
 * The error of a statement that got no connection: the queue was full, the wait too long, or the pool
 * closed.
 */
export function refusal({ code, message, retryable, outcome }: RefusedEntry): DbError {
  const init = { operation: 'acquire', code, retryable, outcome }
  return new DbError(`The statement was not sent: ${message}`, init)
}
