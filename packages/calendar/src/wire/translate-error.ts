import { codeOfStatus, fieldOf, type StatusCode } from '@yuzuru/concurrency/boundary'
import { type HttpAnswer, HttpError, type HttpErrorCode } from '@yuzuru/http'
import { CalendarError, type CalendarErrorCode } from '../calendar-error.ts'
import { scopeAdvice } from './least-scopes.ts'
import type { Operation } from './operations.ts'

/** What an error shows of its call. */
export type CallContext = Pick<Operation, 'operation' | 'reference'>

/**
 * What Google says with 403 or 429 of limits: those of the Calendar API, and of its APIs in general. The last one is said
 * in `details` (https://google.aip.dev/193). https://developers.google.com/workspace/calendar/api/guides/errors
 */
const LIMIT = /(?:Limits?|quota)Exceeded(?:Unreg)?$|^RATE_LIMIT_EXCEEDED$/

/**
 * Of them, those that a wait of seconds mends; the others last for hours. By `quotaExceeded` Google says that so much
 * was made that the calendars can only be read for some hours ("Calendar usage limits exceeded").
 */
const BRIEF: ReadonlySet<string> = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'RATE_LIMIT_EXCEEDED',
])

/** The token works, and the person did not allow this. */
const SCOPE: ReadonlySet<string> = new Set([
  'insufficientPermissions',
  'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
])

/**
 * What Google says with 409 of an id that is taken. It also says `conflict`, of what it could not do for something else that
 * it did at the same time. https://developers.google.com/workspace/calendar/api/guides/errors
 */
const ALREADY_THERE = 'duplicate'

const TOO_LONG_AGO = 'updatedMinTooLongAgo'

const FULL_SYNC: ReadonlySet<string> = new Set(['fullSyncRequired', TOO_LONG_AGO])

/** What a status means here, of what it means everywhere. */
const CODES: Readonly<Record<StatusCode, CalendarErrorCode>> = {
  invalid_request: 'invalid_request',
  // Of a token that Google has just given. That a consent is gone is what its OAuth endpoint says, and nothing else.
  unauthenticated: 'unavailable',
  forbidden: 'forbidden',
  not_found: 'not_found',
  timeout: 'timeout',
  // Google did something else at the same time; an id that is taken is another matter: `ALREADY_THERE`.
  conflict: 'conflict',
  // Somebody else changed the event of that etag.
  precondition_failed: 'conflict',
  rate_limited: 'rate_limited',
  unsupported: 'invalid_request',
  unavailable: 'unavailable',
  unexpected: 'unexpected',
}

/** HTTP's codes for what has no status. */
const ON_THE_WAY: Partial<Record<HttpErrorCode, CalendarErrorCode>> = {
  overloaded: 'overloaded',
  acquire_timeout: 'acquire_timeout',
  closed: 'closed',
  circuit_open: 'connection_failed',
  address_refused: 'connection_failed',
  connection_failed: 'connection_failed',
  connect_timeout: 'connection_failed',
  tls_failed: 'connection_failed',
  dns_failed: 'connection_failed',
  headers_timeout: 'timeout',
  stalled: 'timeout',
  connection_lost: 'connection_lost',
}

const ADVICE: Partial<Record<CalendarErrorCode, string>> = {
  conflict: 'something else was changed meanwhile: read it again and repeat',
  full_sync_required: 'the sync token is no longer valid: sync again without one',
  rate_limited: 'too many requests: try again later',
}

/** The error for an answer of the Calendar API, or for none. Anything but an `HttpError` stays as it is. */
export function calendarFailure({ operation, reference }: CallContext, error: unknown): unknown {
  if (!HttpError.isInstance(error)) return error
  const { status, outcome, retryAfterMs } = error
  const reason = reasonOf(error.answer)
  const code = codeOf(error, reason)
  const retryable = error.retryable || code === 'rate_limited' || status === 401
  const answered = status === undefined ? error.code : `${status}${reason ? ` ${reason}` : ''}`
  const isScope = reason !== undefined && SCOPE.has(reason)
  const advice = isScope
    ? scopeAdvice(operation)
    : status === 401
      ? 'Google refuses an access token that it has just given: try again'
      : reason === TOO_LONG_AGO
        ? 'updatedSince is too long ago (Google knows of changes for about 20 days): list without it'
        : ADVICE[code]
  const message = `calendar.${operation} failed (${answered})${advice ? `: ${advice}` : ''}`
  const init = { operation, code, outcome, retryable, reference, status, reason, retryAfterMs }
  return new CalendarError(message, { ...init, cause: withoutAnswer(error) })
}

/**
 * Which answers are worth a repeat, of a change too: one that says that nothing was done, and that a wait of
 * seconds is enough. Google says 403 for a rate that was too high, as for what an account may not do; and 429 for
 * a rate, where a proxy of its own may give no reason. https://developers.google.com/workspace/calendar/api/guides/errors
 */
export function isWorthRepeating(answer: HttpAnswer): boolean | undefined {
  const { status } = answer
  if (!isTurnedAway(status)) return undefined
  const reason = reasonOf(answer)
  if (reason !== undefined && LIMIT.test(reason)) return BRIEF.has(reason)
  return status === 429
}

function codeOf(error: HttpError, reason: string | undefined): CalendarErrorCode {
  const { status } = error
  if (status === undefined) return ON_THE_WAY[error.code] ?? 'unexpected'
  if (reason !== undefined && LIMIT.test(reason) && isTurnedAway(status)) return 'rate_limited'
  if (reason !== undefined && FULL_SYNC.has(reason)) return 'full_sync_required'
  if (status === 409 && isAboutId(error, reason)) return 'already_exists'
  return CODES[codeOfStatus(status)]
}

/** Whether a 409 is about an id that is taken. Where Google gives no reason, only what makes something has a new id. */
function isAboutId({ method }: HttpError, reason: string | undefined): boolean {
  return reason === undefined ? method === 'POST' : reason === ALREADY_THERE
}

function isTurnedAway(status: number): boolean {
  return status === 403 || status === 429
}

/** Google's own word, if the answer is in its shape: in `errors`, or where there are none in `details`. */
function reasonOf(answer: HttpAnswer | undefined): string | undefined {
  const { error } = (answer?.json ?? {}) as { error?: { errors?: unknown; details?: unknown } }
  const [reason] = [...wordsIn(error?.errors).slice(0, 1), ...wordsIn(error?.details)]
  return reason
}

function wordsIn(list: unknown): string[] {
  if (!Array.isArray(list)) return []
  return list
    .map((each: unknown) => fieldOf(each, 'reason'))
    .filter((reason): reason is string => typeof reason === 'string' && /^\w{1,64}$/.test(reason))
}

/** What an answer says may be personal (an event) or secret (a page that repeats the request). */
export function withoutAnswer(error: HttpError): HttpError {
  if (error.answer === undefined) return error
  const { code, method, url, retryable, outcome, retryAfterMs } = error
  return new HttpError(error.message, { code, method, url, retryable, outcome, retryAfterMs })
}
