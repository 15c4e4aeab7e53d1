import {
  type Effect,
  type IoProgress,
  type Outcome,
  outcomeOf,
  remaining,
} from '@yuzuru/concurrency'
import { type Closing, raiseOutcome } from '@yuzuru/concurrency/boundary'
import type { RetryBudget } from '@yuzuru/concurrency/resilience'
import type { CallContext } from '../errors/call-context.ts'
import { amended, HttpError } from '../errors/http-error.ts'
import type { HttpHandler } from './interceptor.ts'
import { contextOf, type HttpResponse, noteEarlierEffect } from '../response/http-response.ts'
import type { PreparedCall } from './prepared-call.ts'
import type { RetryPolicy } from './retry-policy.ts'
import { askWhen, type RetryWhen } from '../request/retry-when.ts'
import { outcomeSoFar, retryAfterOf, statusFailure } from '../response/status-failure.ts'
import { isWorthSending } from '../request/budget.ts'
import { isUsed } from '../request/used-sources.ts'

/** Failures of our own making: a repeat would meet the same, or make it worse. */
const OURS: ReadonlySet<string> = new Set([
  'overloaded',
  'acquire_timeout',
  'closed',
  'circuit_open',
])

/** What sends one attempt. */
interface Sending {
  readonly handler: HttpHandler
  /**
   * Whether an interceptor has sent something that may have had its effect, whatever it made of the answer; also while that
   * is under way.
   */
  readonly acted: boolean
  /** That of the call, or worse where an interceptor has sent something else. */
  readonly effect: Effect
}

export interface AttemptsInit {
  readonly call: PreparedCall
  readonly policy: RetryPolicy | undefined
  readonly budget: RetryBudget | undefined
  /** What must be left of the deadline after a wait, in milliseconds: less would not be sent. */
  readonly marginMs: number | undefined
  readonly progress: IoProgress
  readonly closing: Closing<CallContext>
  readonly sending: Sending
}

/** Sends a call, and again where that is safe and may help. */
export class Attempts {
  readonly #init: AttemptsInit
  readonly #policy: RetryPolicy | undefined
  readonly #when: RetryWhen | undefined
  #attempt = 1
  /** Whether an earlier attempt may have had its effect. */
  #tainted = false

  constructor(init: AttemptsInit) {
    this.#init = init
    const { retry } = init.call
    this.#policy = retry === false ? undefined : init.policy
    this.#when = retry === false ? undefined : (retry ?? init.policy?.when)
  }

  async run(signal: AbortSignal): Promise<HttpResponse> {
    const { call, budget, progress, closing, sending } = this.#init
    const { body } = call
    const { method, url, headers } = call.context
    budget?.deposit()
    for (; ; this.#attempt += 1) {
      let delayMs: number | undefined
      try {
        const attempt = this.#attempt
        const response = await sending.handler({ method, url, headers, body, attempt, signal })
        if (!call.acceptStatus(response.status)) {
          throw await statusFailure(response, call.given)
        }
        delayMs = this.#delayAfterAccepted(response)
        if (delayMs === undefined) {
          // An answer that was cut off for its length is not complete: this throws.
          if (call.mode !== 'stream' && !response.complete) await response.bytes()
          if (this.#tainted) noteEarlierEffect(response)
          return response
        }
        response[Symbol.dispose]()
      } catch (error) {
        if (!HttpError.isInstance(error)) {
          // Of something else, which knows nothing of what was sent here.
          if (sending.acted && outcomeOf(error) === 'none') raiseOutcome(error)
          throw error
        }
        if (sending.acted) this.#tainted = true
        const decided = this.#decide(error)
        delayMs = this.#delayAfter(error, decided)
        this.#note(error.outcome)
        if (delayMs === undefined) throw this.#final(error, decided)
      }
      progress.sent = this.#tainted
      await closing.pause(delayMs)
    }
  }

  /** The failure for the caller: earlier attempts count, and so does whether its body can be sent again. */
  #final(error: HttpError, decided: boolean | undefined): HttpError {
    return amended(error, {
      ...(decided === undefined ? {} : { retryable: decided }),
      ...(this.#tainted ? { outcome: 'unknown' } : {}),
      ...(isUsed(this.#init.call.body) ? { retryable: false } : {}),
    })
  }

  /** An answer that the caller takes as it is may still be worth a repeat. */
  #delayAfterAccepted(response: HttpResponse): number | undefined {
    const { status } = response
    if (this.#policy?.statuses.has(status) !== true || !this.#mayRepeat) return undefined
    const delayMs = this.#delay(retryAfterOf(response))
    if (delayMs === undefined) return undefined
    this.#note(this.#init.sending.acted ? 'unknown' : outcomeSoFar(contextOf(response), response))
    return delayMs
  }

  /** How long to wait before the next attempt; `undefined`: there is none. */
  #delayAfter(error: HttpError, decided: boolean | undefined): number | undefined {
    if (OURS.has(error.code) || decided === false) return undefined
    const { status } = error
    if (decided === true) {
      // What was turned away can be sent again, whatever it does.
      const undone = error.outcome === 'none' && !this.#tainted
      return this.#mayRepeat || (undone && this.#hasMore)
        ? this.#delay(error.retryAfterMs)
        : undefined
    }
    // An earlier request under the same key is under way: the server has said when to ask again.
    const isUnderWay = status === 409 && error.retryable
    const isOurs = status === undefined || isUnderWay
    const helps = isOurs ? error.retryable : this.#policy?.statuses.has(status)
    // What never left can be sent again, whatever it does.
    const unsent = status === undefined && error.outcome === 'none' && !this.#tainted
    if (helps !== true || !(this.#mayRepeat || (unsent && this.#hasMore))) return undefined
    return this.#delay(error.retryAfterMs)
  }

  /** What the caller says of an answer; `undefined` without one, or without a word of the caller's. */
  #decide({ answer }: HttpError): boolean | undefined {
    return this.#when === undefined || answer === undefined
      ? undefined
      : askWhen(this.#when, answer)
  }

  get #mayRepeat(): boolean {
    return this.#hasMore && this.#init.sending.effect !== 'write'
  }

  get #hasMore(): boolean {
    return this.#init.call.replayable && this.#attempt < (this.#policy?.attempts ?? 1)
  }

  #delay(retryAfterMs: number | undefined): number | undefined {
    const policy = this.#policy
    if (policy === undefined || (retryAfterMs ?? 0) > policy.maxRetryAfterMs) return undefined
    const delayMs = policy.delayMs(this.#attempt, retryAfterMs)
    const leftMs = remaining() - delayMs
    const { marginMs, budget } = this.#init
    if (marginMs !== undefined && !isWorthSending(leftMs, marginMs)) return undefined
    if (leftMs <= 0 || budget?.tryWithdraw() === false) return undefined
    return delayMs
  }

  #note(outcome: Outcome): void {
    if (outcome === 'unknown') this.#tainted = true
  }
}
