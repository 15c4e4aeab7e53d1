import { type Outcome, TimeoutError } from '@yuzuru/concurrency'
import {
  codeOfStatus,
  outcomeOfStatus,
  Redaction,
  retryAfterMs,
} from '@yuzuru/concurrency/boundary'
import { HttpError, type HttpErrorCode } from '@yuzuru/http'
import { BillingError, type BillingErrorCode, type StripeDetails } from '../billing-error.ts'
import { earlierOutcomeOf } from './stripe-http-client.ts'

const redaction = new Redaction()

/** The fields of a `StripeError`, whichever copy of stripe-node made it. */
interface StripeFailure extends Error {
  readonly type: string
  readonly rawType?: unknown
  readonly detail?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly statusCode?: number
  readonly requestId?: string
  readonly code?: string
  readonly param?: string
  readonly decline_code?: string
}

/**
 * Makes a {@link BillingError} of what stripe-node threw.
 *
 * @param outcome that of a failure of which nothing else is known
 */
export function translateError(
  operation: string,
  read: boolean,
): (error: unknown, outcome: Outcome) => Error {
  return (error, outcome) => {
    if (!isStripeFailure(error)) return unexpected(operation, error, outcome)
    const { detail } = error
    if (detail instanceof TypeError) return detail
    if (HttpError.isInstance(detail)) return fromHttp(operation, detail)
    if (TimeoutError.isInstance(detail)) return fromTimeout(operation, detail)
    if (error.statusCode === undefined) return unanswered(operation, error, outcome)
    return fromAnswer(operation, read, error, error.statusCode)
  }
}

/** The name in errors for a call of the native client, which is not one of our verbs. */
export const NATIVE_CALL = 'client'

/** The failure of a native call that a verb made, under the verb's own name. */
export function underName(operation: string, error: unknown): unknown {
  if (!BillingError.isInstance(error) || error.operation !== NATIVE_CALL) return error
  const { code, retryable, outcome, retryAfterMs, cause } = error
  const { status, requestId, stripeCode, declineCode, param, replayed } = error
  return new BillingError(`${operation}${error.message.slice(NATIVE_CALL.length)}`, {
    operation,
    code,
    retryable,
    outcome,
    retryAfterMs,
    status,
    requestId,
    stripeCode,
    declineCode,
    param,
    replayed,
    ...(cause === undefined ? {} : { cause }),
  })
}

function isStripeFailure(error: unknown): error is StripeFailure {
  return error instanceof Error && 'type' in error && 'rawType' in error
}

function fromAnswer(
  operation: string,
  read: boolean,
  error: StripeFailure,
  status: number,
): BillingError {
  const code = codeOf(status, error)
  const message = redaction.text(error.message)
  const effect = read ? 'read' : 'idempotent'
  const earlier = read ? 'none' : earlierOutcomeOf(error)
  const replayed = error.headers?.['idempotent-replayed'] === 'true'
  const details: StripeDetails = {
    status,
    requestId: error.requestId,
    stripeCode: error.code,
    declineCode: error.decline_code === '' ? undefined : error.decline_code,
    param: error.param,
    replayed,
  }
  return new BillingError(`${operation} was answered ${status}: ${message}`, {
    ...details,
    operation,
    code,
    // An answer that Stripe has stored for a key stays the same.
    retryable: RETRYABLE.has(code) && !replayed,
    outcome: earlier === 'unknown' ? earlier : outcomeOfStatus(status, effect),
    retryAfterMs: retryAfterMs(error.headers?.['retry-after']),
    ...causeOf(error),
  })
}

const RETRYABLE: ReadonlySet<BillingErrorCode> = new Set([
  'conflict',
  'rate_limited',
  'timeout',
  'unavailable',
])

function codeOf(status: number, { rawType, code }: StripeFailure): BillingErrorCode {
  if (status === 402) return 'card_declined'
  if (status === 400 && rawType === 'idempotency_error') return 'idempotency_conflict'
  if (status === 400 && code === 'rate_limit') return 'rate_limited'
  return codeOfStatus(status)
}

const HTTP_CODES: Partial<Record<HttpErrorCode, BillingErrorCode>> = {
  overloaded: 'overloaded',
  acquire_timeout: 'acquire_timeout',
  closed: 'closed',
  connection_failed: 'connection_failed',
  connect_timeout: 'connection_failed',
  tls_failed: 'connection_failed',
  dns_failed: 'connection_failed',
  headers_timeout: 'connection_lost',
  stalled: 'connection_lost',
  connection_lost: 'connection_lost',
}

function fromHttp(operation: string, error: HttpError): BillingError {
  const code = HTTP_CODES[error.code] ?? 'unexpected'
  return new BillingError(`${operation} got no answer: ${error.code}`, {
    operation,
    code,
    retryable: error.retryable || code === 'connection_lost',
    outcome: error.outcome,
    retryAfterMs: error.retryAfterMs,
    cause: error,
  })
}

/** The last attempt took longer than it may: our own limit, not that of the caller. */
function fromTimeout(operation: string, error: TimeoutError): BillingError {
  const { timeoutMs, outcome } = error
  return new BillingError(`${operation} got no answer within ${timeoutMs} ms`, {
    operation,
    code: 'connection_lost',
    retryable: true,
    outcome,
    cause: error,
  })
}

/** For a client of the caller's own, and for an answer that is not JSON. */
function unanswered(operation: string, error: StripeFailure, outcome: Outcome): BillingError {
  const lost = error.type === 'StripeConnectionError'
  return new BillingError(`${operation} failed: ${redaction.text(error.message)}`, {
    operation,
    code: lost ? 'connection_lost' : 'unexpected',
    retryable: lost,
    outcome,
    ...causeOf(error),
  })
}

function unexpected(operation: string, error: unknown, outcome: Outcome): BillingError {
  const message = error instanceof Error ? redaction.text(error.message) : typeof error
  return new BillingError(`${operation} failed: ${message}`, {
    operation,
    code: 'unexpected',
    retryable: false,
    outcome,
    ...causeOf(error),
  })
}

/** A client of the caller's own has not had its messages redacted: then its error is not passed on. */
function causeOf(error: unknown): { cause?: unknown } {
  const isShown = error instanceof Error && redaction.text(error.message) === error.message
  return isShown ? { cause: error } : {}
}
