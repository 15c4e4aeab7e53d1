import { HttpError, type HttpErrorCode } from '@yuzuru/http'
import { CalendarError, type CalendarErrorCode } from './calendar-error.ts'
import type { Operation } from './operations.ts'

/** What of a call an error tells. */
export type Told = Pick<Operation, 'operation' | 'reference'>

/** Google answers these with 403 or 429: https://developers.google.com/workspace/calendar/api/guides/errors */
const LIMITS: ReadonlySet<string> = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'calendarUsageLimitsExceeded',
  'quotaExceeded',
  'dailyLimitExceeded',
])

const FULL_SYNC: ReadonlySet<string> = new Set(['fullSyncRequired', 'updatedMinTooLongAgo'])

const STATUSES: Readonly<Record<number, CalendarErrorCode>> = {
  400: 'invalid_request',
  401: 'reauthorization_required',
  403: 'access_denied',
  404: 'not_found',
  409: 'already_exists',
  410: 'not_found',
  412: 'conflict',
  429: 'rate_limited',
}

/** HTTP's codes for what has no status. */
const ON_THE_WAY: Partial<Record<HttpErrorCode, CalendarErrorCode>> = {
  overloaded: 'overloaded',
  queue_timeout: 'overloaded',
  closed: 'closed',
  circuit_open: 'connection_failed',
  address_refused: 'connection_failed',
  connect_failed: 'connection_failed',
  connect_timeout: 'connection_failed',
  tls_failed: 'connection_failed',
  dns_failed: 'connection_failed',
  headers_timeout: 'connection_lost',
  stalled: 'connection_lost',
  connection_lost: 'connection_lost',
}

const ADVICE: Partial<Record<CalendarErrorCode, string>> = {
  reauthorization_required: 'send the person to authorizationUrl again',
  conflict: 'the event was changed meanwhile: read it again and repeat',
  full_sync_required: 'the sync token is no longer valid: sync again without one',
  rate_limited: 'too many requests: try again later',
}

/** The error for an answer of the Calendar API, or for none. Anything but an `HttpError` stays as it is. */
export function calendarFailure({ operation, reference }: Told, error: unknown): unknown {
  if (!HttpError.isInstance(error)) return error
  const { status, outcome, retryAfterMs } = error
  const reason = reasonOf(error)
  const code = codeOf(error, reason)
  const retryable = error.retryable || code === 'rate_limited'
  const answered = status === undefined ? error.code : `${status}${reason ? ` ${reason}` : ''}`
  const advice = ADVICE[code]
  const told = `calendar.${operation} failed (${answered})${advice ? `: ${advice}` : ''}`
  const init = { operation, code, outcome, retryable, reference, status, reason, retryAfterMs }
  return new CalendarError(told, { ...init, cause: withoutAnswer(error) })
}

function codeOf(error: HttpError, reason: string | undefined): CalendarErrorCode {
  const { status } = error
  if (status === undefined) return ON_THE_WAY[error.code] ?? 'unexpected'
  if (reason !== undefined && LIMITS.has(reason)) return 'rate_limited'
  if (reason !== undefined && FULL_SYNC.has(reason)) return 'full_sync_required'
  if (status >= 500) return 'unavailable'
  return STATUSES[status] ?? (status >= 400 ? 'invalid_request' : 'unexpected')
}

/** Google's own word, if the answer is in its shape. */
function reasonOf({ answer }: HttpError): string | undefined {
  const { error } = (answer?.json ?? {}) as { error?: { errors?: { reason?: unknown }[] } }
  const reason = Array.isArray(error?.errors) ? error.errors[0]?.reason : undefined
  return typeof reason === 'string' && /^\w{1,64}$/.test(reason) ? reason : undefined
}

/** What an answer says may be personal (an event) or secret (a page that repeats the request). */
export function withoutAnswer(error: HttpError): HttpError {
  if (error.answer === undefined) return error
  const { code, method, url, retryable, outcome, retryAfterMs } = error
  return new HttpError(error.message, { code, method, url, retryable, outcome, retryAfterMs })
}
