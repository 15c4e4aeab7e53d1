import type { Effect, Outcome } from '../scopes/outcome.ts'

/**
 * What the status of an HTTP answer says, in the words that all packages share.
 *
 * - `'invalid_request'`: 400, 422, and every other 4xx (RFC 9110, 15: to be treated as 400).
 * - `'unauthenticated'` (401), `'forbidden'` (403), `'not_found'` (404, 410).
 * - `'timeout'` (408): the server waited too long for the request.
 * - `'conflict'` (409): it was changed meanwhile, or is being changed.
 * - `'precondition_failed'` (412, 428).
 * - `'rate_limited'` (429): too many requests; the other side says so, not our own queue.
 * - `'unsupported'` (501, 505).
 * - `'unavailable'`: 425 and every other 5xx.
 * - `'unexpected'`: anything below 400.
 */
export type StatusCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'timeout'
  | 'conflict'
  | 'precondition_failed'
  | 'rate_limited'
  | 'unsupported'
  | 'unavailable'
  | 'unexpected'

const CODES: Readonly<Record<number, StatusCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  410: 'not_found',
  412: 'precondition_failed',
  425: 'unavailable',
  428: 'precondition_failed',
  429: 'rate_limited',
  501: 'unsupported',
  505: 'unsupported',
}

/**
 * The code that all packages use for the status of an HTTP answer. A package that knows more (an error's
 * name in the body) looks there first.
 *
 * @example
 * codeOfStatus(412) // 'precondition_failed'
 */
export function codeOfStatus(status: number): StatusCode {
  const code = CODES[status]
  if (code !== undefined) return code
  if (status >= 500) return 'unavailable'
  return status >= 400 ? 'invalid_request' : 'unexpected'
}

/** The statuses after which the same request may succeed a little later. */
export const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** 408 and 499 are also what a gateway answers when the server behind it was too slow. */
const LEFT_OPEN: ReadonlySet<number> = new Set([408, 499])

/** Not modified; to be sent elsewhere instead; not understood. */
const NOT_ACTED_UPON: ReadonlySet<number> = new Set([304, 307, 308, 501, 505])

/**
 * Whether the effect of a request may have happened although its status says no (RFC 9110, 15).
 *
 * `'none'` for a read, for a 4xx (the request was not, and will not be, acted upon), for 501 and 505
 * (it was not understood), and for 304, 307 and 308. All else is `'unknown'`: a gateway makes 408, 499,
 * 500, 502, 503 and 504 of a request that it has passed on (and gives its 503 a `Retry-After` too); 303,
 * and in practice 301 and 302, come after success.
 *
 * @example
 * outcomeOfStatus(503, 'write') // 'unknown'
 */
export function outcomeOfStatus(status: number, effect: Effect): Outcome {
  if (effect === 'read') return 'none'
  if (status >= 400 && status <= 499) return LEFT_OPEN.has(status) ? 'unknown' : 'none'
  return NOT_ACTED_UPON.has(status) ? 'none' : 'unknown'
}
