import assert from 'node:assert/strict'
import { BillingError, createBilling, subscriptionOf } from '@yuzuru/billing'
import { billingMigrations, kyselyBillingStore } from '@yuzuru/billing/kysely'
import { createFakeBilling, memoryBillingStore } from '@yuzuru/billing/testing'

assert.equal(typeof kyselyBillingStore, 'function')
assert.equal(Object.keys(billingMigrations).length, 2)
{
  await using billing = createFakeBilling()
  const { sessionId } = await billing.checkout('office-1', {
    price: 'price_basic',
    customer: { email: 'hanako@example.jp' },
    successUrl: 'https://app.example.jp/done',
  })
  const { body, signature } = billing.sign(billing.completeCheckout(sessionId))
  const received = await billing.webhooks.receive(body, signature, subscriptionOf)
  assert.equal(received.value.reference, 'office-1')
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
