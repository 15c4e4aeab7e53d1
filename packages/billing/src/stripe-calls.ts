import { type Effect, io, type IoOptions, isCausedBy, remaining } from '@yuzuru/concurrency'
import type { Stripe } from 'stripe'
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
        const keyed = idempotencyKey === undefined ? {} : { idempotencyKey }
        if (this.#owned) {
          // The HTTP call within notes by itself, up to here, whether a cancel found anything sent.
          progress.sent = false
          try {
            return await fn(this.stripe, keyed)
          } catch (error) {
            progress.sent = !isCausedBy(error, signal.reason)
            throw underName(operation, error)
          }
        }
        const left = remaining()
        const limited =
          left === Infinity ? keyed : { ...keyed, timeout: Math.max(1, Math.ceil(left)) }
        try {
          return await orAborted(fn(this.stripe, limited), signal)
        } catch (error) {
          throw underName(operation, error)
        }
      },
    )
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
