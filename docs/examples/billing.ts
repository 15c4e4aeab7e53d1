/** From a checkout to an active subscription, by a webhook of Stripe's stand-in. */
import { createBilling } from '@yuzuru/billing'
import { memoryBillingStore } from '@yuzuru/billing/testing'
import { startStripe } from '@yuzuru/sandbox'
import { serve } from '@yuzuru/server'
import { Hono } from 'hono'
import { Stripe } from 'stripe'

await using stripe = await startStripe()
const { host, port, secretKey, webhookSecret } = stripe
const price = await new Stripe(secretKey, { host, port, protocol: 'http' }).prices.create({
  currency: 'jpy',
  unit_amount: 9_800,
  recurring: { interval: 'month' },
  product_data: { name: 'Basic' },
})

const store = memoryBillingStore()
await using billing = createBilling({ secretKey, webhookSecret, apiBase: stripe.url, store })
const app = new Hono().post('/webhooks', (c) => billing.webhook(c.req.raw))
await using server = await serve(app)
stripe.setWebhookUrl(`${server.url}/webhooks`)

console.log((await billing.status('office-1')).status)
const { sessionId } = await billing.checkout('office-1', {
  price: price.id,
  customer: { email: 'hanako@example.jp' },
  successUrl: 'https://app.example.jp/done',
  cancelUrl: 'https://app.example.jp/billing',
})
await stripe.completeCheckout(sessionId) // what a person does with a card
await stripe.webhooks.idle()
const { status, canUse } = await billing.status('office-1')
console.log(status, canUse())

// Prints:
//   none
//   active true
