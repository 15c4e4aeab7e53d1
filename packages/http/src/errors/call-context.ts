import type { Effect, Outcome } from '@yuzuru/concurrency'
import { HttpError, type HttpErrorCode } from './http-error.ts'
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

/** The error for a call that failed; `told` ends the sentence that the method and the URL begin. */
export function failure(
  context: CallContext,
  code: HttpErrorCode,
  told: string,
  init: FailureInit,
): HttpError {
  const url = shownUrl(context.url)
  return new HttpError(`${context.method} ${url} ${told}`, {
    code,
    method: context.method,
    url,
    ...init,
    outcome: context.acted === true ? 'unknown' : init.outcome,
  })
}

/** The outcome of a failure after the request was sent. */
export function outcomeOnceSent(context: CallContext): Outcome {
  return context.effect === 'read' && context.acted !== true ? 'none' : 'unknown'
}
