import { describe, expect, test } from 'vitest'
import { openSubscribed, reference, type Subscribed } from '../../test/subscribed.ts'

const live = (open: Subscribed): string[] =>
  open.stage.server
    .subscriptions()
    .filter(({ status }) => status === 'active')
    .map(({ id }) => id)

/** The event that tells of a subscription. */
const eventOf = (open: Subscribed, id: string): object =>
  open
    .events()
    .findLast(
      ({ type, data }) => type.startsWith('customer.subscription.') && data.object['id'] === id,
    ) ?? {}

test.each([
  ['first', 0],
  ['latest', 1],
] as const)(
  'of two that were paid the %s is kept by the webhook that finds both, and announced',
  async (keep, at) => {
    let now = Date.now()
    await using open = await openSubscribed({ now: () => now, keep })
    const { billing } = open.stage
    const seen: number[] = []
    billing.on('second_subscription', ({ subscriptionIds }) => {
      seen.push(subscriptionIds.length)
    })
    const one = await open.subscribe()
    await open.deliver(eventOf(open, one.id))
    now += 60_000
    const two = await open.subscribe()
    expect((await open.deliver(eventOf(open, two.id))).status).toBe(200)
    expect(live(open)).toEqual([[one.id, two.id][at]])
    expect(seen).toEqual([2])
    const { subscriptions, status } = await billing.status(reference)
    expect(status).toBe('active')
    expect(subscriptions.filter((record) => record.status === 'active')).toMatchObject([
      { id: live(open)[0] },
    ])
  },
)

test('without a policy both stay', async () => {
  await using open = await openSubscribed()
  for (const { id } of [await open.subscribe(), await open.subscribe()]) {
    await open.deliver(eventOf(open, id))
  }
  expect(live(open)).toHaveLength(2)
})

describe('an end that fails is made up for by', () => {
  type Again = (open: Subscribed, event: object) => Promise<unknown>
  const ways: [string, Again][] = [
    ['sync', ({ stage }) => stage.billing.sync(reference)],
    ['reconcile', ({ stage }) => stage.billing.reconcile()],
    ['the event that comes again, although it is marked', (open, event) => open.deliver(event)],
  ]
  test.each(ways)('%s', async (_, again) => {
    await using open = await openSubscribed({ keep: 'first', attempts: 1, report: () => undefined })
    const { billing, proxy } = open.stage
    const one = await open.subscribe()
    await open.deliver(eventOf(open, one.id))
    const two = await open.subscribe()
    proxy.set({ status: { code: 503, when: 'DELETE /v1/subscriptions', times: 1 } })
    const event = eventOf(open, two.id)
    expect((await open.deliver(event)).status).toBe(503)
    expect(live(open)).toHaveLength(2)
    await again(open, event)
    expect(live(open)).toHaveLength(1)
    expect((await billing.status(reference)).status).toBe('active')
  })
})

test('what the row says of the other one does not count: Stripe is asked before one is ended', async () => {
  await using open = await openSubscribed({ keep: 'first' })
  const { billing } = open.stage
  const one = await open.subscribe()
  await open.deliver(eventOf(open, one.id))
  await billing.client.subscriptions.cancel(one.id)
  const two = await open.subscribe()
  await open.deliver(eventOf(open, two.id))
  expect(live(open)).toEqual([two.id])
})

/** A customer of the dashboard, whose subscription names the reference. */
async function subscribeElsewhere(open: Subscribed): Promise<string> {
  const stripe = open.stage.billing.client
  const { id: customer } = await stripe.customers.create({ email: 'taro@example.jp' })
  const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
  const { id } = await open.subscribe({ customer, metadata: { yuzuru_reference: reference } })
  return id
}

describe('two that are paid by two customers', () => {
  test.each([
    ['first', 0],
    ['latest', 1],
  ] as const)('are one with a policy: the %s', async (keep, at) => {
    let now = Date.now()
    await using open = await openSubscribed({ keep, now: () => now })
    const elsewhere = await subscribeElsewhere(open)
    await open.deliver(eventOf(open, elsewhere))
    now += 60_000
    const { id } = await open.subscribe()
    expect((await open.deliver(eventOf(open, id))).status).toBe(200)
    expect(live(open)).toEqual([[elsewhere, id][at]])
    await open.stage.billing.reconcile()
    expect(live(open)).toHaveLength(1)
  })

  test.each(['now', 'period-end'] as const)('are both cancelled (%s), once', async (at) => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    await open.deliver(eventOf(open, await subscribeElsewhere(open)))
    await open.subscribe()
    for (const _ of [1, 2]) await billing.cancel(reference, { at })
    const shown = server
      .subscriptions()
      .map((one) => [one.status, one.cancel_at_period_end] as const)
    const expected = at === 'now' ? ['canceled', false] : ['active', true]
    expect(shown).toEqual([expected, expected])
    expect((await billing.status(reference)).status).toBe(at === 'now' ? 'canceled' : 'canceling')
  })
})

test('a cancel ends all of a reference, so that one that is repeated ends no other', async () => {
  await using open = await openSubscribed({ attempts: 1 })
  const { billing, proxy } = open.stage
  await open.subscribe()
  await open.subscribe()
  await open.subscribe({ payment_behavior: 'default_incomplete' })
  proxy.set({ dropReply: { when: 'DELETE /v1/subscriptions', times: 1 } })
  await expect(billing.cancel(reference, { at: 'now' })).rejects.toMatchObject({
    outcome: 'unknown',
  })
  await billing.cancel(reference, { at: 'now' })
  expect(live(open)).toEqual([])
})

test('one that waits for its first payment is ended at once, whenever the others are', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  await open.subscribe({ payment_behavior: 'default_incomplete' })
  await open.subscribe()
  const cancelled = await billing.cancel(reference)
  expect(cancelled).toMatchObject({ status: 'active', cancelAtPeriodEnd: true })
  const statuses = server.subscriptions().map(({ status }) => status)
  expect(statuses.filter((status) => status === 'active')).toHaveLength(1)
  expect(statuses).not.toContain('incomplete')
})

test.each(['ends', 'plans the end of'] as const)(
  'a person who %s the kept one in the portal meanwhile keeps the other one',
  async (how) => {
    let now = Date.now()
    await using open = await openSubscribed({ keep: 'first', now: () => now })
    const { billing, store, server } = open.stage
    const one = await open.subscribe()
    await open.deliver(eventOf(open, one.id))
    now += 60_000
    const two = await open.subscribe()
    const choose = store.chooseSubscription.bind(store)
    store.chooseSubscription = async (...args) => {
      const kept = await choose(...args)
      expect(kept).toBe(one.id)
      if (how === 'ends') await billing.client.subscriptions.cancel(kept)
      else await billing.client.subscriptions.update(kept, { cancel_at_period_end: true })
      return kept
    }
    expect((await open.deliver(eventOf(open, two.id))).status).toBe(200)
    const left = server.subscriptions().filter(({ status }) => status === 'active')
    expect(left.map(({ id }) => id)).toContain(two.id)
    expect((await billing.sync(reference)).status).toBe('active')
    expect((await billing.status(reference)).subscription?.id).toBe(two.id)
  },
)
