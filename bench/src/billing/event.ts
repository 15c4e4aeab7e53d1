import { signWebhook } from '@yuzuru/billing/testing'
import { WEBHOOK_SECRET } from './stage.ts'

let made = 0

/** A delivery of an event that has not come before, about the subscription `sub_AT`. */
export function deliveryOf(at: number): Request {
  made += 1
  const created = Math.floor(Date.now() / 1_000)
  const object = { id: `sub_${at}`, object: 'subscription', status: 'active' }
  const event = {
    id: `evt_${made}`,
    object: 'event',
    api_version: '2026-01-28.clover',
    created,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: 'customer.subscription.updated',
  }
  const { body, signature } = signWebhook(JSON.stringify(event), WEBHOOK_SECRET)
  const length = String(Buffer.byteLength(body))
  const headers = { 'content-length': length, 'stripe-signature': signature }
  return new Request('http://127.0.0.1/webhooks/stripe', { method: 'POST', body, headers })
}
