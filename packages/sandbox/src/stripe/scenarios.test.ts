import { env } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { Stripe } from 'stripe'
import { describe, test } from 'vitest'

import { customerWith, monthlyPrice, openStripe } from '../../test/stripe/fixture.ts'
import { scenarios, type Ground } from '../../test/stripe/scenarios.ts'

/** Customers on test clocks of their own, which the end of the test deletes. */
function groundOn(stripe: Stripe): Ground & AsyncDisposable {
  const clocks: string[] = []
  const days = 86_400
  return {
    stripe,
    async customer(card) {
      const clock = await stripe.testHelpers.testClocks.create({
        frozen_time: Math.floor(Date.UTC(2026, 0, 10) / 1000),
      })
      clocks.push(clock.id)
      return customerWith(stripe, card, { test_clock: clock.id })
    },
    price: (amount) => monthlyPrice(stripe, { unit_amount: amount }),
    async advance({ test_clock: clock }, by) {
      const id = clock as string
      const { frozen_time: from } = await stripe.testHelpers.testClocks.retrieve(id)
      await stripe.testHelpers.testClocks.advance(id, { frozen_time: from + by * days })
      while ((await stripe.testHelpers.testClocks.retrieve(id)).status === 'advancing') {
        await delay(1000)
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clocks.map((clock) => stripe.testHelpers.testClocks.del(clock)))
    },
  }
}

describe('on the local Stripe', () => {
  for (const { name, run } of scenarios) {
    test(name, async () => {
      await using open = await openStripe()
      await using ground = groundOn(open.stripe)
      await run(ground)
    })
  }
})

// With a key of Stripe's test mode in the environment the same is asked of Stripe itself.
const { STRIPE_TEST_SECRET_KEY: key } = env
if (key?.startsWith('sk_test_')) {
  describe('on Stripe’s test mode', () => {
    for (const { name, run } of scenarios) {
      test(name, async () => {
        await using ground = groundOn(new Stripe(key))
        await run(ground)
      })
    }
  })
}
