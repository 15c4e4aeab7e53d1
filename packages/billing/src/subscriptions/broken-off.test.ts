import type { Stripe } from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROKEN_OFF, breakOffEverywhere } from '../../test/broken-off.ts'
import { openSubscribed, type Subscribed } from '../../test/subscriber.ts'
import type { Billing } from '../billing.ts'

let open: Subscribed
beforeAll(async () => {
  open = await openSubscribed()
})
afterAll(() => open[Symbol.asyncDispose]())

const VERBS: Readonly<
  Record<
    string,
    {
      readonly act: (billing: Billing, reference: string) => Promise<unknown>
      readonly stripe: object
      readonly row: () => object
    }
  >
> = {
  changePlan: {
    act: (billing, reference) =>
      billing.changePlan(reference, { price: open.otherPrice, proration: 'always_invoice' }),
    stripe: { status: 'active' },
    row: () => ({ status: 'active', items: [{ priceId: open.otherPrice }] }),
  },
  cancel: {
    act: (billing, reference) => billing.cancel(reference),
    stripe: { status: 'active', cancel_at_period_end: true },
    row: () => ({ status: 'active', endsAt: expect.any(Number) }),
  },
  'cancel now': {
    act: (billing, reference) => billing.cancel(reference, { at: 'now' }),
    stripe: { status: 'canceled' },
    row: () => ({ status: 'canceled' }),
  },
}

describe.each(BROKEN_OFF)('%s anywhere, and made again,', (how) => {
  test.each(Object.entries(VERBS))(
    '%s has had its effect once, and the row says so',
    async (name, verb) => {
      const { stage } = open
      const made = new Map<string, Stripe.Subscription>()
      const nameOf = (reference: string): string => `${name} ${reference}`
      const steps = await breakOffEverywhere(stage, how, {
        before: async (reference) => {
          const customer = await open.customer(nameOf(reference))
          made.set(nameOf(reference), await open.subscribe({ customer }))
        },
        act: (billing, reference) => verb.act(billing, nameOf(reference)),
        after: async (reference) => {
          await verb.act(stage.billing, nameOf(reference))
          const { id, customer } = made.get(nameOf(reference)) ?? { id: '', customer: '' }
          const own = stage.server.subscriptions().filter((one) => one.customer === customer)
          expect(own).toMatchObject([{ id, ...verb.stripe }])
          expect(await stage.store.findSubscription(id)).toMatchObject(verb.row())
          const changed = stage.server
            .invoices()
            .filter(
              (one) => one.customer === customer && one.billing_reason === 'subscription_update',
            )
          expect(changed).toHaveLength(name === 'changePlan' ? 1 : 0)
        },
      })
      expect(steps).toBeGreaterThan(5)
    },
  )
})
