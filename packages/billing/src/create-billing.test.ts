import { startFaultProxy, startStripe } from '@yuzuru/sandbox'
import { expect, test } from 'vitest'
import { createBilling } from './create-billing.ts'
import { memoryBillingStore } from './memory-store.ts'

test('smoke', async () => {
  await using server = await startStripe()
  await using proxy = await startFaultProxy({ target: server, protocol: 'http' })
  await using billing = createBilling({
    secretKey: server.secretKey,
    webhookSecret: server.webhookSecret,
    apiBase: proxy.url(server.url),
    store: memoryBillingStore(),
    baseDelayMs: 1,
  })
  const price = await billing.stripe.prices.create({
    currency: 'jpy',
    product_data: { name: 'x' },
    recurring: { interval: 'month' },
    unit_amount: 1980,
  })
  proxy.set({ dropReply: { when: 'POST /v1/customers', times: 1 } })
  const a = await billing.ensureCustomer({ reference: 'o1', email: 'a@example.com' })
  expect(server.customers()).toHaveLength(1)
  const input = {
    reference: 'o1',
    priceId: price.id,
    attemptKey: '1',
    trialPeriodDays: 180,
    locale: 'ja',
    successUrl: 'http://127.0.0.1:1/a',
    cancelUrl: 'http://127.0.0.1:1/b',
  }
  const c1 = await billing.createCheckout(input)
  expect(await billing.createCheckout(input)).toEqual(c1)
  await server.completeCheckout(c1.sessionId)
  const sub = await billing.getSubscription('o1')
  expect(sub).toMatchObject({ status: 'trialing', reference: 'o1', customerId: a.customerId })
  console.log(await billing.createPortal({ reference: 'o1', returnUrl: 'http://127.0.0.1:1/a' }))
  console.log(await billing.createCheckout(input).catch((e) => e))
  console.log((await billing.cancelSubscription('o1', { at: 'now' })).status)
  console.log(await billing.createCheckout({ ...input, quantity: 3 }).catch((e) => e))
})
