import { hasMark, IoError, type IoErrorInit, mark, type Outcome } from '@yuzuru/concurrency'
import type { StatusCode } from '@yuzuru/concurrency/boundary'

/**
 * Why an HTTP call failed.
 *
 * Before anything was sent (outcome `none`, unless the call was sent before: an earlier attempt, or what redirected it):
 * - `'overloaded'`: the origin's queue is full.
 * - `'acquire_timeout'`: no connection became free within `acquireTimeoutMs`.
 * - `'closed'`: the client was closed.
 * - `'circuit_open'`: the origin kept failing; `retryAfterMs` says when it is tried again.
 * - `'deadline_expired'`: the deadline leaves no time for a request with a `budget`. With a `status`
 *   (504): the server gave up, as the time that it was given is over.
 * - `'address_refused'`: `allow` does not permit the address.
 * - `'connection_failed'`, `'connect_timeout'`, `'tls_failed'`, `'dns_failed'`: no connection.
 *
 * On the way:
 * - `'headers_timeout'`: the request was sent and no answer began within `timeouts.headersMs`.
 * - `'stalled'`: no byte moved for `timeouts.stallMs`.
 * - `'connection_lost'`: the connection ended before the answer did.
 * - `'request_body_failed'`: the source of the request's body failed; `cause` is its error.
 * - `'invalid_response'`: what came is not HTTP.
 * - `'too_large'`: the answer is longer than `maxBytes`.
 * - `'invalid_body'`: the answer is not the JSON that was asked for.
 * - `'body_abandoned'`: the answer was not read for `timeouts.unreadMs`; its connection was released.
 *
 * The server's answer, in the words of `codeOfStatus` of `@yuzuru/concurrency/boundary`:
 * - `'redirected'` (3xx that is not followed), `'too_many_redirects'`, `'not_modified'` (304)
 * - `'unauthenticated'` (401), `'forbidden'` (403), `'not_found'` (404, 410), `'timeout'` (408),
 *   `'conflict'` (409), `'precondition_failed'` (412, 428), `'rate_limited'` (429),
 *   `'invalid_request'` (400, 422 and other 4xx)
 * - `'unsupported'` (501, 505), `'unavailable'` (425 and other 5xx)
 *
 * - `'unexpected'`: another status that was not accepted, or none of these; `cause` says which.
 */
export type HttpErrorCode =
  | 'overloaded'
  | 'acquire_timeout'
  | 'closed'
  | 'circuit_open'
  | 'deadline_expired'
  | 'address_refused'
  | 'connection_failed'
  | 'connect_timeout'
  | 'tls_failed'
  | 'dns_failed'
  | 'headers_timeout'
  | 'stalled'
  | 'connection_lost'
  | 'request_body_failed'
  | 'invalid_response'
  | 'too_large'
  | 'invalid_body'
  | 'body_abandoned'
  | 'redirected'
  | 'too_many_redirects'
  | 'not_modified'
  | StatusCode

/** What the server answered, as far as an error may show it: secrets are replaced. */
export interface HttpAnswer {
  readonly status: number
  /** By lower-case name; the values of headers that may be secret are `'[redacted]'`. */
  readonly headers: Readonly<Record<string, string>>
  /** The first 4 kB of the body. */
  readonly body: string
  /** The body when it is JSON and was not cut off, else `undefined`. */
  readonly json: unknown
}

/** What an {@link HttpError} is made of. */
export interface HttpErrorInit extends Omit<IoErrorInit, 'boundary' | 'operation' | 'code'> {
  readonly code: HttpErrorCode
  readonly method: string
  /** Without credentials and without the values of its query. */
  readonly url: string
  readonly answer?: HttpAnswer | undefined
}

/**
 * An HTTP call failed. `outcome` says whether the request may have had its effect all the same.
 *
 * @example
 * catch (error) {
 *   if (HttpError.isInstance(error) && error.code === 'not_found') return undefined
 *   throw error
 * }
 */
export class HttpError extends IoError {
  declare readonly code: HttpErrorCode
  readonly method: string
  readonly url: string
  /** The server's answer, if there was one. */
  readonly answer: HttpAnswer | undefined

  static {
    mark(this.prototype, 'HttpError')
  }

  constructor(message: string, init: HttpErrorInit) {
    super(message, { ...init, boundary: 'http', operation: init.method })
    this.method = init.method
    this.url = init.url
    this.answer = init.answer
  }

  /** The status of the answer, if there was one. */
  get status(): number | undefined {
    return this.answer?.status
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is HttpError {
    return hasMark(value, 'HttpError')
  }
}

/** The same failure with another `outcome` or `retryable`; the first is its `cause`. */
export function amended(
  error: HttpError,
  change: Partial<Pick<HttpErrorInit, 'outcome' | 'retryable'>>,
): HttpError {
  const { code, method, url, answer, retryAfterMs } = error
  const { outcome = error.outcome, retryable = error.retryable } = change
  if (outcome === error.outcome && retryable === error.retryable) return error
  const init = { code, method, url, answer, retryAfterMs, outcome, retryable, cause: error }
  return new HttpError(wordedFor(outcome, error.message), init)
}

/** A sentence that goes with its outcome: what was sent before was not "not sent". */
export function wordedFor(outcome: Outcome, message: string): string {
  return outcome === 'none' ? message : message.replace(NOT_SENT, ' was not sent this time:')
}

/** The first is ours: a URL has no blank. */
const NOT_SENT = ' was not sent:'
