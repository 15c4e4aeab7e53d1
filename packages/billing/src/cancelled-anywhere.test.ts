import { cancelEverywhere } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { createFakeBilling, type FakeBilling } from './testing/fake-billing.ts'

const reference = 'office-1'
const email = 'hanako@example.jp'
const checkout = { price: 'price_basic', customer: { email }, successUrl: 'https://example.jp/' }
const team = { price: 'price_team', quantity: 3 } as const

interface Verb {
  readonly act: (billing: FakeBilling) => Promise<unknown>
  /** What there is before. @default a subscription */
  readonly before?: (billing: FakeBilling) => Promise<unknown>
  /** What Stripe has once it was called again: its subscriptions, and its open pages. */
  readonly subscriptions: readonly object[]
  readonly pages?: number
}

async function subscribed(billing: FakeBilling): Promise<void> {
  const { sessionId } = await billing.checkout(reference, checkout)
  billing.completeCheckout(sessionId)
  await billing.sync(reference)
}

const item = (price: string, quantity: number): object => ({
  items: { data: [{ price: { id: price }, quantity }] },
})
const active = { status: 'active', cancel_at: null, ...item('price_basic', 1) }

const VERBS: Readonly<Record<string, Verb>> = {
  ensureCustomer: {
    before: async () => undefined,
    act: (billing) => billing.ensureCustomer({ reference, email }),
    subscriptions: [],
  },
  checkout: {
    before: async () => undefined,
    act: (billing) => billing.checkout(reference, checkout),
    subscriptions: [],
    pages: 1,
  },
  'checkout of something else': {
    before: (billing) => billing.checkout(reference, checkout),
    act: (billing) => billing.checkout(reference, { ...checkout, price: 'price_team' }),
    subscriptions: [],
    pages: 1,
  },
  'checkout of what is to end': {
    before: async (billing) => {
      await subscribed(billing)
      await billing.cancel(reference)
    },
    act: (billing) =>
      billing.checkout(reference, { ...checkout, ...team, whenSubscribed: 'change' }),
    subscriptions: [{ status: 'active', cancel_at: null, ...item('price_team', 3) }],
  },
  changePlan: {
    act: (billing) => billing.changePlan(reference, team),
    subscriptions: [{ status: 'active', ...item('price_team', 3) }],
  },
  setQuantity: {
    act: (billing) => billing.setQuantity(reference, 4),
    subscriptions: [{ status: 'active', ...item('price_basic', 4) }],
  },
  cancel: {
    act: (billing) => billing.cancel(reference),
    subscriptions: [{ status: 'active', cancel_at: expect.any(Number) }],
  },
  'cancel now': {
    act: (billing) => billing.cancel(reference, { at: 'now' }),
    subscriptions: [{ status: 'canceled' }],
  },
  resume: {
    before: async (billing) => {
      await subscribed(billing)
      await billing.cancel(reference)
    },
    act: (billing) => billing.resume(reference),
    subscriptions: [active],
  },
  retryPayment: { act: (billing) => billing.retryPayment(reference), subscriptions: [active] },
  portal: {
    act: (billing) => billing.portal(reference, { returnUrl: 'https://example.jp/' }),
    subscriptions: [active],
  },
  usage: {
    act: (billing) => billing.usage(reference, { meter: 'pages', value: 1, id: 'a' }),
    subscriptions: [active],
  },
}

describe('a verb that is cancelled at any await, and called again, has had its effect once:', () => {
  test.each(Object.entries(VERBS))('%s', async (name, verb) => {
    const points = await cancelEverywhere(async ({ after }) => {
      const billing = createFakeBilling()
      await (verb.before ?? subscribed)(billing)
      after(async () => {
        await verb.act(billing)
        expect(billing.customers).toHaveLength(1)
        expect(billing.subscriptions).toMatchObject(verb.subscriptions)
        const open = billing.sessions.filter(({ status }) => status === 'open')
        expect(open).toHaveLength(verb.pages ?? 0)
        expect(billing.counted).toHaveLength(name === 'usage' ? 1 : 0)
        const rows = (await billing.status(reference)).subscriptions
        expect(rows.map(({ status, endsAt }) => [status, endsAt])).toEqual(
          billing.subscriptions.map((one) => [one.status, timeOf(one.ended_at ?? one.cancel_at)]),
        )
        await billing.close()
      })
      await verb.act(billing)
    })
    expect(points).toBeGreaterThan(5)
  })
})

function timeOf(seconds: number | null | undefined): number | undefined {
  return typeof seconds === 'number' ? seconds * 1_000 : undefined
}
