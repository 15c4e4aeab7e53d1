import { type Outcome, TimeoutError } from '@yuzuru/concurrency'
import { codeOfStatus, outcomeOfStatus, retryAfterMs } from '@yuzuru/concurrency/boundary'
import { HttpError, type HttpErrorCode } from '@yuzuru/http'
import { BillingError, type BillingErrorCode } from '../billing-error.ts'
import { errorWith } from './error-with.ts'
import { keepNative } from './native-error.ts'
import { type ShownDetails, shownDetails, shownWord } from './shown-details.ts'
import { earlierOutcomeOf } from './stripe-http-client.ts'

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
 * Makes a {@link BillingError} of what stripe-node threw. Of Stripe's answer it shows what
 * {@link shownDetails} lets through, and nothing of its prose.
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
  const message = `${operation}${error.message.slice(NATIVE_CALL.length)}`
  return errorWith(error, { message, operation })
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
  const effect = read ? 'read' : 'idempotent'
  const earlier = read ? 'none' : earlierOutcomeOf(error)
  // Another request with its idempotency key is under way, and may have the effect: as @yuzuru/http says it.
  const isHeldKey = status === 409 && !read
  const replayed = error.headers?.['idempotent-replayed'] === 'true'
  const details = shownDetails(error)
  const failure = new BillingError(
    `${operation} was answered ${status}${inWords(details, status)}`,
    {
      ...details,
      status,
      replayed,
      operation,
      code,
      // An answer that Stripe has stored for a key stays the same.
      retryable: RETRYABLE.has(code) && !replayed,
      outcome: earlier === 'unknown' || isHeldKey ? 'unknown' : outcomeOfStatus(status, effect),
      retryAfterMs: retryAfterMs(error.headers?.['retry-after']),
    },
  )
  return keepNative(failure, error)
}

/** `: card_declined, insufficient_funds (line_items[0][price]), see req_1 in Stripe's dashboard` */
function inWords(
  { stripeCode, declineCode, param, requestId }: ShownDetails,
  status: number,
): string {
  const words = [stripeCode, declineCode].filter((word) => word !== undefined).join(', ')
  const said = `${words}${param === undefined ? '' : ` (${param})`}`
  const where = requestId === undefined ? '' : `see ${requestId} in Stripe's dashboard`
  const advice = status === 401 ? 'check secretKey' : ''
  const parts = [said.trim(), advice, where].filter((part) => part !== '')
  return parts.length === 0 ? '' : `: ${parts.join('; ')}`
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
    // An answer that it holds is Stripe's, and quotes what was sent.
    ...(error.answer === undefined ? { cause: error } : {}),
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
  const failure = new BillingError(`${operation} failed: ${shownWord(error.type) ?? 'no answer'}`, {
    operation,
    code: lost ? 'connection_lost' : 'unexpected',
    retryable: lost,
    outcome,
  })
  return keepNative(failure, error)
}

function unexpected(operation: string, error: unknown, outcome: Outcome): BillingError {
  const name = error instanceof Error ? (shownWord(error.name) ?? 'an error') : typeof error
  const failure = new BillingError(`${operation} failed: ${name}`, {
    operation,
    code: 'unexpected',
    retryable: false,
    outcome,
  })
  return keepNative(failure, error)
}
