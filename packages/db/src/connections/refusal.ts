import type { RefusedEntry } from '@yuzuru/concurrency/boundary'
import { DbError } from '../wire/db-error.ts'

/** The error of a statement whose connection came when everything had been cut off. */
export function closedMeanwhile(): DbError {
  return refusal({
    code: 'closed',
    message: 'the database is closed',
    retryable: false,
    outcome: 'none',
  })
}

/** The error of a statement that got no connection: the line is too long or too slow, or it was closed. */
export function refusal({ code, message, retryable, outcome }: RefusedEntry): DbError {
  const init = { operation: 'acquire', code, retryable, outcome }
  return new DbError(`The statement was not sent: ${message}`, init)
}
