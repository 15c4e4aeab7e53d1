import { type IoProgress, remaining, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { HttpError, withUnknownOutcome } from './http-error.ts'
import type { HttpHandler, HttpRequest } from './http-request.ts'
import type { HttpResponse } from './http-response.ts'
import type { Origin } from './origin.ts'
import type { PreparedCall } from './prepare.ts'
import { delayBefore, type RetryPolicy } from './retry-policy.ts'
import { statusFailure } from './status-failure.ts'

/** Failures of our own making: a repeat would meet the same, or make it worse. */
const OURS: ReadonlySet<string> = new Set(['overloaded', 'queue_timeout', 'closed'])

/** Sends a call, and again where that is safe and may help. */
export class Attempts {
  readonly #call: PreparedCall
  readonly #origin: Origin
  readonly #policy: RetryPolicy | undefined
  readonly #progress: IoProgress
  readonly #send: HttpHandler
  /** Whether an earlier attempt may have had its effect. */
  #tainted = false

  constructor(
    call: PreparedCall,
    origin: Origin,
    policy: RetryPolicy | undefined,
    progress: IoProgress,
    send: HttpHandler,
  ) {
    this.#call = call
    this.#origin = origin
    this.#policy = call.retry ? policy : undefined
    this.#progress = progress
    this.#send = send
  }

  async run(signal: AbortSignal): Promise<HttpResponse> {
    this.#origin.budget?.deposit()
    for (let attempt = 1; ; attempt += 1) {
      this.#progress.sent = this.#tainted
      try {
        return await this.#once(attempt, signal)
      } catch (error) {
        throwIfCancelled()
        if (!HttpError.isInstance(error)) throw error
        const delayMs = this.#delayBeforeNext(error, attempt)
        if (error.outcome === 'unknown') this.#tainted = true
        this.#progress.sent = this.#tainted
        if (delayMs === undefined) throw this.#tainted ? withUnknownOutcome(error) : error
        await sleep(delayMs)
      }
    }
  }

  async #once(attempt: number, signal: AbortSignal): Promise<HttpResponse> {
    const { context, headers, body, acceptStatus } = this.#call
    const { method, url } = context
    const request: HttpRequest = { method, url, headers, body, attempt, signal }
    const response = await this.#send(request)
    const { status } = response
    if (acceptStatus(status)) {
      // An answer that the caller takes as it is may still be worth a repeat.
      const again = this.#policy?.statuses.has(status) === true && this.#mayRepeat(attempt)
      if (!again) return response
      const error = await statusFailure(context, headers, response)
      if (this.#delayOf(error, attempt) === undefined) return response
      throw error
    }
    throw await statusFailure(context, headers, response)
  }

  /** How long to wait before the next attempt; `undefined`: there is none. */
  #delayBeforeNext(error: HttpError, attempt: number): number | undefined {
    if (!this.#isWorthIt(error) || !this.#mayRepeat(attempt)) {
      // A write may still be repeated if it never left.
      if (!this.#isWorthIt(error) || !this.#neverLeft(error, attempt)) return undefined
    }
    const delayMs = this.#delayOf(error, attempt)
    if (delayMs === undefined || this.#origin.budget?.take() === false) return undefined
    return delayMs
  }

  #isWorthIt(error: HttpError): boolean {
    if (OURS.has(error.code)) return false
    if (error.status !== undefined) return this.#policy?.statuses.has(error.status) === true
    return error.retryable
  }

  #mayRepeat(attempt: number): boolean {
    const { replayable, context } = this.#call
    return this.#hasAttempts(attempt) && replayable && context.effect !== 'write'
  }

  #neverLeft(error: HttpError, attempt: number): boolean {
    const unsent = error.answer === undefined && error.outcome === 'none' && !this.#tainted
    return this.#hasAttempts(attempt) && this.#call.replayable && unsent
  }

  #hasAttempts(attempt: number): boolean {
    return this.#policy !== undefined && attempt < this.#policy.attempts
  }

  #delayOf(error: HttpError, attempt: number): number | undefined {
    const policy = this.#policy
    if (policy === undefined) return undefined
    if ((error.retryAfterMs ?? 0) > policy.maxRetryAfterMs) return undefined
    const delayMs = delayBefore(policy, attempt, error.retryAfterMs)
    return delayMs < remaining() ? delayMs : undefined
  }
}
