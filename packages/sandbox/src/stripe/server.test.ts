import { Stripe } from 'stripe'
import { expect, test } from 'vitest'

import { startStripe } from './server.ts'

test('a checkout with a trial, from the customer to the trialing subscription', async () => {
  await using server = await startStripe()
  const { host, port, secretKey } = server
  const stripe = new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 })
  const customer = await stripe.customers.create({ email: 'hana@example.com' })
  const product = await stripe.products.create({ name: '支援プラン' })
  const price = await stripe.prices.create({
    product: product.id,
    currency: 'jpy',
    unit_amount: 1980,
    recurring: { interval: 'month' },
  })
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: customer.id,
    line_items: [{ price: price.id, quantity: 1 }],
    subscription_data: { trial_period_days: 180 },
    success_url: 'http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}',
  })
  const done = await fetch(session.url ?? '', {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ card_number: '4242 4242 4242 4242' }),
  })
  expect(done.status).toBe(303)
  expect(done.headers.get('location')).toBe(`http://127.0.0.1:1/done?session=${session.id}`)
  const completed = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['subscription'],
  })
  expect(completed).toMatchObject({
    status: 'complete',
    customer: customer.id,
    subscription: { status: 'trialing', customer: customer.id },
  })
})
