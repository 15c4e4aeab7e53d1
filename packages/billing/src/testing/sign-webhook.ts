import { createHmac } from 'node:crypto'
import { expectText } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'

/** A delivery as Stripe would send it. */
export interface SignedWebhook {
  readonly body: string
  /** The header `Stripe-Signature`. */
  readonly signature: string
}

/**
 * Signs an event, or any text, as Stripe does.
 *
 * @param at when it is signed, in milliseconds since 1970. @default now
 * @throws {TypeError} when `secret` is no text
 * @example
 * const { body, signature } = signWebhook(event, 'whsec_test')
 * await app.request('/webhooks/stripe', { method: 'POST', body, headers: { 'stripe-signature': signature } })
 */
export function signWebhook(
  event: Stripe.Event | string,
  secret: string,
  at: number = Date.now(),
): SignedWebhook {
  expectText('secret', secret)
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  const timestamp = Math.floor(at / 1_000)
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return { body, signature: `t=${timestamp},v1=${digest}` }
}
