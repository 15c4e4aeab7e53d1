import type { Stripe } from 'stripe'

/** What was thrown, by the error that was made of it. Nothing that shows an error finds it here. */
const natives = new WeakMap<object, Error>()

/** Remembers what `error` was made of. */
export function keepNative<E extends Error>(error: E, native: unknown): E {
  if (native instanceof Error) natives.set(error, native)
  return error
}

/**
 * The error that a `BillingError` was made of, stripe-node's as a rule; `undefined` if there was none.
 *
 * It holds Stripe's prose and objects: addresses, the last digits of a card, the `client_secret` of a
 * payment. Take out what you need, and log none of it.
 *
 * @example
 * catch (error) {
 *   const intent = nativeErrorOf(error)?.payment_intent
 *   if (intent?.status === 'requires_action') return report(intent.id)
 *   throw error
 * }
 */
export function nativeErrorOf(
  error: unknown,
): (Error & Partial<Stripe.errors.StripeError>) | undefined {
  return typeof error === 'object' && error !== null ? natives.get(error) : undefined
}
