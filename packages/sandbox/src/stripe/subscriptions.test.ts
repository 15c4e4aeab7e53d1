import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import { monthlyPrice, openStripe, refusal } from './fixture.ts'

async function subscribe(
  stripe: Stripe,
  change: Partial<Stripe.SubscriptionCreateParams> = {},
): Promise<Stripe.Subscription> {
  const customer = await stripe.customers.create({ email: 'hana@example.com' })
  const items = [{ price: await monthlyPrice(stripe) }]
  return stripe.subscriptions.create({ customer: customer.id, items, ...change })
}

const seconds = (year: number, month: number, day: number): number =>
  Date.UTC(year, month - 1, day) / 1000

describe('a subscription', () => {
  test('is active without a trial and trialing with one, its period the trial', async () => {
    await using open = await openStripe({ now: () => Date.UTC(2026, 0, 31) })
    const { stripe } = open
    const plain = await subscribe(stripe)
    expect(plain).toMatchObject({ status: 'active', trial_end: null })
    // 31 January plus a month is the last day of February.
    expect(plain.items.data[0]?.current_period_end).toBe(seconds(2026, 2, 28))
    const trial = await subscribe(stripe, { trial_period_days: 180 })
    const trialEnd = seconds(2026, 1, 31) + 180 * 86_400
    expect(trial).toMatchObject({ status: 'trialing', trial_end: trialEnd })
    expect(trial.items.data[0]?.current_period_end).toBe(trialEnd)
  })

  test('takes a cancellation at the period’s end, and takes it back', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const { id, items } = await subscribe(stripe)
    const set = await stripe.subscriptions.update(id, { cancel_at_period_end: true })
    const periodEnd = items.data[0]?.current_period_end
    expect(set).toMatchObject({
      cancel_at_period_end: true,
      cancel_at: periodEnd,
      status: 'active',
    })
    const back = await stripe.subscriptions.update(id, { cancel_at_period_end: false })
    expect(back).toMatchObject({ cancel_at_period_end: false, cancel_at: null, canceled_at: null })
    const update = server.events().find(({ type }) => type === 'customer.subscription.updated')
    expect(update?.data.previous_attributes).toMatchObject({
      cancel_at_period_end: false,
      cancel_at: null,
    })
    expect(update?.data.previous_attributes).not.toHaveProperty('status')
  })

  test('changes its price and quantity in place, adds and removes items', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id, items } = await subscribe(stripe)
    const other = await monthlyPrice(stripe)
    const item = items.data[0]?.id ?? ''
    const changed = await stripe.subscriptions.update(id, {
      items: [{ id: item, price: other, quantity: 3 }],
    })
    expect(changed.items.data).toMatchObject([{ id: item, quantity: 3, price: { id: other } }])
    const added = await stripe.subscriptions.update(id, {
      items: [{ price: await monthlyPrice(stripe) }],
    })
    expect(added.items.data).toHaveLength(2)
    const removed = await stripe.subscriptions.update(id, { items: [{ id: item, deleted: true }] })
    expect(removed.items.data).toHaveLength(1)
    const last = { items: [{ id: removed.items.data[0]?.id ?? '', deleted: true }] }
    expect(await refusal(stripe.subscriptions.update(id, last))).toMatchObject({ status: 400 })
    expect((await stripe.subscriptions.retrieve(id)).items.data).toHaveLength(1)
  })

  test('that was canceled is over: a second cancel is 404, changes are refused', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const { id } = await subscribe(stripe)
    const canceled = await stripe.subscriptions.cancel(id)
    expect(canceled.status).toBe('canceled')
    expect(canceled.ended_at).toBeTypeOf('number')
    expect(await refusal(stripe.subscriptions.cancel(id))).toMatchObject({ status: 404 })
    const change = stripe.subscriptions.update(id, { cancel_at_period_end: true })
    expect(await refusal(change)).toMatchObject({ status: 400 })
    expect(server.events().at(-1)?.type).toBe('customer.subscription.deleted')
  })

  test('is listed by customer and status, canceled ones only when asked for', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const first = await subscribe(stripe)
    const second = await subscribe(stripe, { trial_period_days: 7 })
    await stripe.subscriptions.cancel(first.id)
    const ids = async (query: Stripe.SubscriptionListParams): Promise<string[]> =>
      (await stripe.subscriptions.list(query)).data.map(({ id }) => id)
    expect(await ids({})).toEqual([second.id])
    expect(await ids({ status: 'all' })).toEqual([second.id, first.id])
    expect(await ids({ status: 'canceled' })).toEqual([first.id])
    expect(await ids({ customer: second.customer as string, status: 'trialing' })).toEqual([
      second.id,
    ])
    expect(await ids({ customer: first.customer as string })).toEqual([])
  })

  test('refuses a one-time, an inactive and an unknown price', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const once = await stripe.prices.create({
      currency: 'jpy',
      unit_amount: 5,
      product_data: { name: 'x' },
    })
    const inactive = await monthlyPrice(stripe)
    await stripe.prices.update(inactive, { active: false })
    for (const price of [once.id, inactive, 'price_none']) {
      const refused = await refusal(subscribe(stripe, { items: [{ price }] }))
      expect(refused).toMatchObject({ status: 400, param: 'items[0][price]' })
    }
    expect(server.subscriptions()).toEqual([])
  })
})

describe('time', () => {
  test('ends a trial: active with a payment method, past due without, canceled when the trial says so', async () => {
    let now = Date.UTC(2026, 0, 1)
    await using open = await openStripe({ now: () => now })
    const { server, stripe } = open
    const cancel = { end_behavior: { missing_payment_method: 'cancel' as const } }
    const days = { trial_period_days: 14 }
    const paying = await subscribe(stripe, { ...days, default_payment_method: 'pm_card' })
    const unpaying = await subscribe(stripe, days)
    const leaving = await subscribe(stripe, { ...days, trial_settings: cancel })
    now += 14 * 86_400_000
    await server.settle()
    const status = (id: string): unknown => server.subscriptions().find((s) => s.id === id)?.status
    expect([paying, unpaying, leaving].map(({ id }) => status(id))).toEqual([
      'active',
      'past_due',
      'canceled',
    ])
    const types = server.events().map(({ type }) => type)
    expect(types).toContain('invoice.payment_failed')
    expect(types).toContain('customer.subscription.deleted')
  })

  test('renews period by period, and ends what was to end', async () => {
    let now = Date.UTC(2026, 0, 1)
    await using open = await openStripe({ now: () => now })
    const { server, stripe } = open
    const renewing = await subscribe(stripe)
    const ending = await subscribe(stripe, { cancel_at_period_end: true })
    now = Date.UTC(2026, 2, 15)
    const renewed = await stripe.subscriptions.retrieve(renewing.id)
    expect(renewed.items.data[0]?.current_period_start).toBe(seconds(2026, 3, 1))
    expect((await stripe.subscriptions.retrieve(ending.id)).status).toBe('canceled')
    const invoices = await stripe.invoices.list({ customer: renewing.customer as string })
    expect(invoices.data.map(({ billing_reason: reason }) => reason)).toEqual([
      'subscription_cycle',
      'subscription_cycle',
      'subscription_create',
    ])
    expect(server.events().at(-1)?.type).toBe('customer.subscription.deleted')
  })

  test('a failing payment makes it past due', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const { id } = await subscribe(stripe)
    expect((await server.failPayment(id)).status).toBe('past_due')
    const [failed, updated] = server.events().toReversed()
    expect(failed).toMatchObject({
      type: 'invoice.payment_failed',
      data: { object: { amount_remaining: 1980 } },
    })
    expect(updated).toMatchObject({ data: { previous_attributes: { status: 'active' } } })
  })
})

describe('the billing portal', () => {
  test('shows the customer’s own subscriptions, cancels and resumes them, and links back', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const mine = await subscribe(stripe)
    const other = await subscribe(stripe)
    const customer = mine.customer as string
    const session = await stripe.billingPortal.sessions.create({
      customer,
      return_url: 'http://127.0.0.1:1/billing',
    })
    const press = async (subscription: string, action: string): Promise<number> => {
      const body = new URLSearchParams({ subscription, action })
      return (await fetch(session.url, { method: 'POST', body, redirect: 'manual' })).status
    }
    const html = await (await fetch(session.url)).text()
    expect(html).toContain(mine.id)
    expect(html).not.toContain(other.id)
    expect(html).toContain('href="http://127.0.0.1:1/billing"')
    expect(await press(mine.id, 'cancel')).toBe(303)
    const cancels = (): unknown =>
      server.subscriptions().find(({ id }) => id === mine.id)?.cancel_at_period_end
    expect(cancels()).toBe(true)
    expect(await press(mine.id, 'resume')).toBe(303)
    expect(cancels()).toBe(false)
    expect(await press(other.id, 'cancel')).toBe(400)
    expect((await fetch(`${server.url}/p/session/live_none`)).status).toBe(404)
  })
})
