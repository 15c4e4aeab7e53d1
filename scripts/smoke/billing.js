import assert from 'node:assert/strict'
import { BillingError, createBilling } from '@yuzuru/billing'
import { billingMigrations, kyselyBillingStore } from '@yuzuru/billing/kysely'
import { createFakeBilling, memoryBillingStore } from '@yuzuru/billing/testing'

assert.equal(typeof kyselyBillingStore, 'function')
assert.equal(Object.keys(billingMigrations).length, 4)
{
  await using billing = createFakeBilling()
  const { sessionId } = await billing.checkout('office-1', {
    price: 'price_basic',
    customer: { email: 'hanako@example.jp' },
    successUrl: 'https://app.example.jp/done',
  })
  const { body, signature } = billing.sign(billing.completeCheckout(sessionId))
  const request = new Request('https://app.example.jp/webhooks/stripe', {
    method: 'POST',
    headers: { 'stripe-signature': signature },
    body,
  })
  assert.equal((await billing.webhook(request)).status, 200)
  assert.equal((await billing.status('office-1')).status, 'active')
}
{
  // Nobody listens there.
  await using billing = createBilling({
    secretKey: 'sk_test_1',
    apiBase: 'http://127.0.0.1:1',
    store: memoryBillingStore(),
    attempts: 1,
  })
  const ensuring = billing.ensureCustomer({ reference: 'office-1', email: 'hanako@example.jp' })
  await assert.rejects(
    ensuring,
    (error) => BillingError.isInstance(error) && error.outcome === 'none',
  )
}
console.log('ok')
