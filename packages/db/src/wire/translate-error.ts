import type { Outcome } from '@yuzuru/concurrency'
import { DbError } from './db-error.ts'
import { ProtocolError } from './protocol-error.ts'
import {
  columnsOf,
  copyPlaceOf,
  isOddServerError,
  isServerError,
  nameOf,
  safeMessageOf,
  type ServerError,
} from './server-error.ts'
import { meaningOf } from './sql-state.ts'

/**
 * How many frames a stack gets. Kysely and this package fill the default of ten; this leaves room for the
 * caller's.
 */
const STACK_FRAMES = 40

/**
 * Makes a {@link DbError} of what pg threw. `outcome` is what is known so far.
 *
 * @param isParted whether a refused statement may have had an effect, such as a procedure that has
 *   committed
 */
export function translateError(
  operation: string,
  error: unknown,
  outcome: Outcome,
  isParted = false,
): DbError {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = STACK_FRAMES
  try {
    return translated(operation, error, outcome, isParted)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function translated(
  operation: string,
  error: unknown,
  outcome: Outcome,
  isParted: boolean,
): DbError {
  if (isServerError(error)) {
    const known = !isParted && leavesNothing(error) ? 'none' : outcome
    return fromServer(operation, error, known)
  }
  if (error instanceof ProtocolError) {
    return new DbError(error.message, { operation, code: error.code, outcome, cause: error })
  }
  const quoting = quotes(error)
  if (quoting !== undefined) {
    return new DbError(`db.${operation} failed: ${quoting}`, {
      operation,
      code: 'unexpected',
      outcome,
    })
  }
  const reason = error instanceof Error ? error.message : 'something that is no error'
  if (isSystemError(error) || /^(Connection terminated|Client )/.test(reason)) {
    return new DbError(`The connection to PostgreSQL was lost: ${reason}`, {
      operation,
      code: 'connection_lost',
      retryable: true,
      outcome,
      cause: error,
    })
  }
  return new DbError(`db.${operation} failed: ${reason}`, {
    operation,
    code: 'unexpected',
    outcome,
    cause: error,
  })
}

/** The message for an error whose own message may quote data or text from the server. */
function quotes(error: unknown): string | undefined {
  if (isOddServerError(error)) return 'the server gave an error without a SQLSTATE'
  // `JSON.parse` and `BigInt` throw it, with the text that they could not parse.
  return error instanceof SyntaxError ? 'a value of the server cannot be read' : undefined
}

function fromServer(operation: string, error: ServerError, outcome: Outcome): DbError {
  const meaning = meaningOf(error.code)
  // Only the message shows which limit it was; servers that speak another language say
  // `query_canceled` for both.
  const timedOut = error.code === '57014' && error.message.includes('statement timeout')
  return new DbError(safeMessageOf(error), {
    operation,
    code: timedOut ? 'statement_timeout' : meaning.code,
    retryable: meaning.retryable === true,
    outcome,
    sqlState: error.code,
    schema: nameOf(error.schema),
    table: nameOf(error.table),
    columns: columnsOf(error),
    constraint: nameOf(error.constraint),
    line: copyPlaceOf(error).line,
  })
}

/**
 * Whether the error proves that the statement had no effect: the server refused it without ending the
 * session.
 */
export function leavesNothing({ code, severity }: ServerError): boolean {
  if (severity === 'FATAL' || severity === 'PANIC') return false
  return meaningOf(code).endsSession !== true && code !== '40003'
}

/** An error of the operating system or of TLS: those carry a `code` like `ECONNRESET`. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
