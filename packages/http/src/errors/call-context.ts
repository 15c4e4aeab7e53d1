import type { Effect, Outcome } from '@yuzuru/concurrency'
import type { RefusedEntry } from '@yuzuru/concurrency/boundary'
import { HttpError, type HttpErrorCode, wordedFor } from './http-error.ts'
import { shownUrl } from './shown-parts.ts'

/** What all parts of one call know of it. */
export interface CallContext {
  readonly method: string
  readonly url: URL
  readonly effect: Effect
  /** What is sent along, by lower-case name: its secrets must not show up in errors. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether a redirect on the way here may have come after the effect: then no failure says `none`. */
  readonly acted?: boolean
}

export interface FailureInit {
  readonly outcome: Outcome
  readonly retryable: boolean
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** The error for a call that failed; `reason` ends the sentence that the method and the URL begin. */
export function failure(
  context: CallContext,
  code: HttpErrorCode,
  reason: string,
  init: FailureInit,
): HttpError {
  const url = shownUrl(context.url)
  const outcome = context.acted === true ? 'unknown' : init.outcome
  return new HttpError(wordedFor(outcome, `${context.method} ${url} ${reason}`), {
    code,
    method: context.method,
    url,
    ...init,
    outcome,
  })
}

/** The error for a call that comes after the end. */
export function closedFailure(context: CallContext): HttpError {
  const reason = 'was not sent: the client is closed'
  return failure(context, 'closed', reason, { outcome: 'none', retryable: false })
}

/** The error for a call that found its queue full, or the client closed. */
export function refusedEntry(refused: RefusedEntry, context: CallContext): HttpError {
  const { code, message, outcome, retryable } = refused
  if (code === 'closed') return closedFailure(context)
  return failure(context, code, `was not sent: ${message}`, { outcome, retryable })
}

/** The outcome of a failure after the request was sent. */
export function outcomeOnceSent(context: CallContext): Outcome {
  return context.effect === 'read' && context.acted !== true ? 'none' : 'unknown'
}
