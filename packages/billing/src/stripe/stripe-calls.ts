import { type Effect, io, type IoOptions, isCausedBy, remaining } from '@yuzuru/concurrency'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { translateError, underName } from './translate-error.ts'

/** What one call of the native client is. */
export interface StripeCall {
  readonly operation: string
  readonly effect: Effect
  readonly idempotencyKey?: string
}

/** The door to Stripe: every verb of the package goes through here. */
export class StripeCalls {
  readonly stripe: Stripe
  /** Whether the client is ours, so that a cancel reaches the wire and the transport knows the outcome. */
  readonly #owned: boolean

  constructor(stripe: Stripe, owned: boolean) {
    this.stripe = stripe
    this.#owned = owned
  }

  async run<T>(
    call: StripeCall,
    options: IoOptions | undefined,
    fn: (stripe: Stripe, request: Stripe.RequestOptions) => Promise<T>,
  ): Promise<T> {
    const { operation, effect, idempotencyKey } = call
    const translate = translateError(operation, effect === 'read')
    return await io(
      { boundary: 'billing', operation, effect, translate },
      options,
      async (signal, progress) => {
        // The call within notes by itself, up to its end, whether a cancel found anything sent.
        if (this.#owned) progress.sent = false
        try {
          return await this.#send(fn, idempotencyKey, signal)
        } catch (error) {
          if (this.#owned) progress.sent = !isCausedBy(error, signal.reason)
          const failure = underName(operation, error)
          if (BillingError.isInstance(failure)) progress.outcome = failure.outcome
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
    if (this.#owned) return await fn(this.stripe, keyed)
    const left = remaining()
    const limited = left === Infinity ? keyed : { ...keyed, timeout: Math.max(1, Math.ceil(left)) }
    return await orAborted(fn(this.stripe, limited), signal)
  }
}

/**
 * The client of somebody else can't be told to stop, unless its HTTP client obeys the scope: then the
 * scope waits for it. Else its request may go on until its own timeout, and its answer is not used.
 */
function orAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    call.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
