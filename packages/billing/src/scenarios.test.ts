import { randomUUID } from 'node:crypto'
import { env } from 'node:process'
import { describe, test } from 'vitest'
import { makePrice } from '../test/price.ts'
import { type Ground, scenarios } from '../test/scenarios.ts'
import { openStage } from '../test/stage.ts'
import type { Billing } from './billing.ts'
import { createBilling } from './create-billing.ts'
import { memoryBillingStore } from './stores/memory-store.ts'

function groundOf(billing: Billing, webhookSecret: string): Ground {
  return {
    billing,
    webhookSecret,
    reference: `scenario-${randomUUID()}`,
    price: async (amount) => (await makePrice(billing, amount)).id,
  }
}

describe('on the sandbox’s Stripe', () => {
  for (const { name, run } of scenarios) {
    test(name, async () => {
      await using stage = await openStage()
      await run(groundOf(stage.billing, stage.server.webhookSecret))
    })
  }
})

// With a key of Stripe's test mode in the environment the same is asked of Stripe itself.
const { STRIPE_TEST_SECRET_KEY: secretKey } = env
if (secretKey?.startsWith('sk_test_')) {
  describe('on Stripe’s test mode', () => {
    for (const { name, run } of scenarios) {
      test(name, async () => {
        const webhookSecret = `whsec_${randomUUID().replaceAll('-', '')}`
        const store = memoryBillingStore()
        await using billing = createBilling({ secretKey, webhookSecret, store })
        const ground = groundOf(billing, webhookSecret)
        try {
          await run(ground)
        } finally {
          // With a customer its subscriptions end.
          const found = await store.findCustomer(ground.reference)
          if (found?.customerId !== undefined) await billing.client.customers.del(found.customerId)
        }
      })
    }
  })
}
