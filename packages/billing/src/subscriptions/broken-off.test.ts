import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { BROKEN_OFF, breakOffEverywhere } from '../../test/broken-off.ts'
import { openSubscribed, type Subscribed } from '../../test/subscriber.ts'
import type { Billing } from '../billing.ts'

interface BrokenVerb {
  readonly act: (billing: Billing, reference: string, open: Subscribed) => Promise<unknown>
  /** How the subscription is made. */
  readonly made?: Partial<Stripe.SubscriptionCreateParams>
  /** What happens to it before. */
  readonly before?: (subscription: Stripe.Subscription, open: Subscribed) => Promise<unknown>
  readonly stripe: object
  readonly row: (open: Subscribed) => object
  /** How many invoices the change makes, and how often the customer pays in all. @default 0 and 1 */
  readonly charges?: { readonly changed: number; readonly paid: number }
}

/** A schedule ends it with its period. */
const scheduleEnd: BrokenVerb['before'] = async ({ id }, open) => {
  const { subscriptionSchedules: schedules } = open.stage.billing.client
  const made = await schedules.create({ from_subscription: id })
  await schedules.update(made.id, { end_behavior: 'cancel' })
}

const VERBS: Readonly<Record<string, BrokenVerb>> = {
  changePlan: {
    act: (billing, reference, open) =>
      billing.changePlan(reference, { price: open.otherPrice, proration: 'always_invoice' }),
    stripe: { status: 'active' },
    row: (open) => ({ status: 'active', items: [{ priceId: open.otherPrice }] }),
    charges: { changed: 1, paid: 2 },
  },
  setQuantity: {
    act: (billing, reference) => billing.setQuantity(reference, 3, { proration: 'always_invoice' }),
    stripe: { status: 'active' },
    row: () => ({ status: 'active', items: [{ quantity: 3 }] }),
    charges: { changed: 1, paid: 2 },
  },
  cancel: {
    act: (billing, reference) => billing.cancel(reference),
    stripe: { status: 'active', cancel_at_period_end: true },
    row: () => ({ status: 'active', endsAt: expect.any(Number) }),
  },
  'cancel beside a schedule': {
    act: (billing, reference) => billing.cancel(reference),
    before: ({ id }, open) =>
      open.stage.billing.client.subscriptionSchedules.create({ from_subscription: id }),
    stripe: { status: 'active', cancel_at_period_end: true, schedule: null },
    row: () => ({ status: 'active', endsAt: expect.any(Number) }),
  },
  'changePlan beside a schedule that ends it': {
    act: (billing, reference, open) => billing.changePlan(reference, { price: open.otherPrice }),
    before: scheduleEnd,
    stripe: { status: 'active', cancel_at: expect.any(Number), schedule: null },
    row: (open) => ({ endsAt: expect.any(Number), items: [{ priceId: open.otherPrice }] }),
  },
  'a checkout of what is to end': {
    act: (billing, reference, open) =>
      billing.checkout(reference, {
        price: open.otherPrice,
        successUrl: 'https://example.jp/',
        whenSubscribed: 'change',
      }),
    made: { cancel_at_period_end: true },
    stripe: { status: 'active', cancel_at: null, cancel_at_period_end: false },
    row: (open) => ({ endsAt: undefined, items: [{ priceId: open.otherPrice }] }),
  },
  'a checkout of what a schedule is to end': {
    act: (billing, reference, open) =>
      billing.checkout(reference, {
        price: open.price,
        successUrl: 'https://example.jp/',
        whenSubscribed: 'change',
      }),
    before: scheduleEnd,
    stripe: { status: 'active', cancel_at: null, schedule: null },
    row: (open) => ({ endsAt: undefined, items: [{ priceId: open.price }] }),
  },
  'cancel beside a schedule that ends it': {
    act: (billing, reference) => billing.cancel(reference),
    before: scheduleEnd,
    stripe: { status: 'active', cancel_at_period_end: true, schedule: null },
    row: () => ({ status: 'active', endsAt: expect.any(Number) }),
  },
  'resume beside a schedule that ends it': {
    act: (billing, reference) => billing.resume(reference),
    before: scheduleEnd,
    stripe: { status: 'active', cancel_at: null, schedule: null },
    row: () => ({ status: 'active', endsAt: undefined }),
  },
  'cancel now': {
    act: (billing, reference) => billing.cancel(reference, { at: 'now' }),
    stripe: { status: 'canceled' },
    row: () => ({ status: 'canceled' }),
  },
  resume: {
    act: (billing, reference) => billing.resume(reference),
    made: { cancel_at_period_end: true },
    before: ({ id }, open) =>
      open.stage.billing.client.subscriptions.update(id, {
        pause_collection: { behavior: 'void' },
      }),
    stripe: { status: 'active', cancel_at_period_end: false, pause_collection: null },
    row: () => ({ status: 'active', paused: false, endsAt: undefined }),
  },
  retryPayment: {
    act: (billing, reference) => billing.retryPayment(reference),
    before: ({ id }, open) => open.stage.server.failPayment(id),
    stripe: { status: 'active' },
    row: () => ({ status: 'active' }),
    charges: { changed: 0, paid: 2 },
  },
  portal: {
    act: (billing, reference) =>
      billing.portal(reference, { returnUrl: 'https://example.jp/', flow: 'subscription_cancel' }),
    stripe: { status: 'active', cancel_at_period_end: false },
    row: () => ({ status: 'active', endsAt: undefined }),
  },
}

describe.each(BROKEN_OFF)('%s anywhere, and made again,', (how) => {
  test.each(Object.entries(VERBS))(
    '%s has had its effect once, and the row says so',
    async (_name, verb) => {
      // A stage of its own: what the rounds look at would grow with all those before.
      await using open = await openSubscribed()
      const { stage } = open
      const made = new Map<string, Stripe.Subscription>()
      const steps = await breakOffEverywhere(stage, how, {
        before: async (reference) => {
          const customer = await open.customer(reference)
          const subscription = await open.subscribe({ customer, ...verb.made })
          made.set(reference, subscription)
          await verb.before?.(subscription, open)
        },
        act: (billing, reference) => verb.act(billing, reference, open),
        after: async (reference) => {
          await verb.act(stage.billing, reference, open)
          const { id, customer } = made.get(reference) ?? { id: '', customer: '' }
          const own = stage.server.subscriptions().filter((one) => one.customer === customer)
          expect(own).toMatchObject([{ id, ...verb.stripe }])
          expect(await stage.store.findSubscription(id)).toMatchObject(verb.row(open))
          const invoices = stage.server.invoices().filter((one) => one.customer === customer)
          const { changed, paid } = verb.charges ?? { changed: 0, paid: 1 }
          const reasons = invoices.map((one) => one.billing_reason)
          expect(reasons.filter((one) => one === 'subscription_update')).toHaveLength(changed)
          expect(invoices.filter(({ status }) => status === 'paid')).toHaveLength(paid)
        },
      })
      expect(steps).toBeGreaterThan(5)
    },
  )

  test('usage is counted once', async () => {
    await using open = await openSubscribed()
    const { stage } = open
    const { client } = stage.billing
    const { id } = await client.billing.meters.create({
      display_name: 'pages',
      event_name: `pages ${how}`,
      default_aggregation: { formula: 'sum' },
    })
    const act = (billing: Billing, reference: string): Promise<void> =>
      billing.usage(`usage ${reference}`, { meter: `pages ${how}`, value: 3, id: reference })
    const steps = await breakOffEverywhere(stage, how, {
      before: (reference) => open.customer(`usage ${reference}`),
      act,
      after: async (reference) => {
        await act(stage.billing, reference)
        const { data } = await client.billing.meters.listEventSummaries(id, {
          customer: await open.customer(`usage ${reference}`),
          start_time: Math.floor(Date.now() / 60_000) * 60 - 3_600,
          end_time: Math.floor(Date.now() / 60_000) * 60 + 60,
        })
        expect(data.map(({ aggregated_value: value }) => value)).toEqual([3])
      },
    })
    expect(steps).toBe(2)
  })

  test('a customer that was adopted is the reference’s, with its subscription', async () => {
    await using open = await openSubscribed()
    const { stage, price } = open
    const { client } = stage.billing
    const made = new Map<string, string>()
    const steps = await breakOffEverywhere(stage, how, {
      before: async (reference) => {
        const { id: customer } = await client.customers.create({ payment_method: 'pm_card_visa' })
        made.set(reference, customer)
        const [card] = (await client.paymentMethods.list({ customer })).data
        const items = [{ price }]
        const subscription = { customer, items, default_payment_method: card?.id ?? '' }
        await client.subscriptions.create(subscription)
      },
      act: (billing, reference) =>
        billing.adoptCustomer(`adopt ${reference}`, made.get(reference) ?? ''),
      after: async (reference) => {
        const customerId = made.get(reference) ?? ''
        const { status, subscriptions } = await stage.billing.adoptCustomer(
          `adopt ${reference}`,
          customerId,
        )
        expect([status, subscriptions.length]).toEqual(['active', 1])
        expect(await stage.billing.referenceOf(customerId)).toBe(`adopt ${reference}`)
      },
    })
    expect(steps).toBeGreaterThan(4)
  })

  test.each(['first', 'latest'] as const)(
    'of two the %s is kept, and no more ends',
    async (keep) => {
      let now = Date.now()
      await using two = await openSubscribed({ now: () => now, keep })
      const { server, billing } = two.stage
      const made = new Map<string, readonly string[]>()
      const steps = await breakOffEverywhere(two.stage, how, {
        options: { keep, now: () => now },
        before: async (reference) => {
          const customer = await two.customer(`keep ${reference}`)
          const { id: first } = await two.subscribe({ customer })
          now += 60_000
          made.set(reference, [first, (await two.subscribe({ customer })).id])
        },
        act: (broken, reference) => broken.sync(`keep ${reference}`),
        after: async (reference) => {
          await billing.sync(`keep ${reference}`)
          const { canUse, subscriptions } = await billing.status(`keep ${reference}`)
          const ids = made.get(reference) ?? []
          const kept = ids[keep === 'first' ? 0 : 1]
          const left = ids.map((id) => (id === kept ? 'active' : 'canceled'))
          const rows = ids.map((id) => subscriptions.find((one) => one.id === id)?.status)
          const own = ids.map((id) => server.subscriptions().find((one) => one.id === id)?.status)
          expect([canUse(), rows, own]).toEqual([true, left, left])
        },
      })
      expect(steps).toBeGreaterThan(8)
    },
  )
})
