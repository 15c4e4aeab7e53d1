import { type Effect, io, isCausedBy, remaining } from '@yuzuru/concurrency'
import { orAborted } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { noteChange } from './answering.ts'
import { expectAnswer } from './expect-answer.ts'
import { translateError, underName } from './translate-error.ts'

/** What one call of the native client is. */
export interface StripeCall {
  readonly operation: string
  readonly effect: Effect
  readonly idempotencyKey?: string
  /** The `object` that the answer must be, with an id; `'list'` for one of a list. @default any */
  readonly answers?: string
  /** Whether a repeat of the verb finds what it made, so that it is no change for that. @default false */
  readonly isFoundAgain?: boolean
}

/** The door to Stripe: every verb of the package goes through here. */
export class StripeCalls {
  readonly client: Stripe
  /** Whether the client is ours, so that a cancel reaches the wire and the transport knows the outcome. */
  readonly #owned: boolean

  constructor(client: Stripe, owned: boolean) {
    this.client = client
    this.#owned = owned
  }

  async run<T>(
    call: StripeCall,
    fn: (stripe: Stripe, request: Stripe.RequestOptions) => Promise<T>,
  ): Promise<T> {
    const { operation, effect, idempotencyKey, answers, isFoundAgain = false } = call
    const isChange = effect !== 'read' && !isFoundAgain
    const translate = translateError(operation, effect === 'read')
    return await io(
      { boundary: 'billing', operation, effect, translate },
      undefined,
      async (signal, progress) => {
        // The call within notes by itself, up to its end, whether a cancel found anything sent.
        if (this.#owned) progress.sent = false
        try {
          const answer = await this.#send(fn, idempotencyKey, signal)
          if (answers !== undefined) expectAnswer(operation, effect, answers, answer)
          if (isChange) noteChange()
          return answer
        } catch (error) {
          if (this.#owned) progress.sent = !isCausedBy(error, signal.reason)
          const failure = underName(operation, error)
          if (BillingError.isInstance(failure)) {
            progress.outcome = failure.outcome
            // Though the verb may get over it.
            if (isChange && failure.outcome !== 'none') noteChange()
          }
          throw failure
        }
      },
    )
  }

  async #send<T>(
    fn: (stripe: Stripe, request: Stripe.RequestOptions) => Promise<T>,
    idempotencyKey: string | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const keyed = idempotencyKey === undefined ? {} : { idempotencyKey }
    if (this.#owned) return await fn(this.client, keyed)
    // A client that was passed in can't be stopped, unless its HTTP client obeys the scope: then the scope
    // waits for it. Else its request may go on until its own timeout, and its answer is not used.
    const left = remaining()
    const limited = left === Infinity ? keyed : { ...keyed, timeout: Math.max(1, Math.ceil(left)) }
    return await orAborted(fn(this.client, limited), signal)
  }
}
