import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import {
  customerWith,
  monthlyPrice,
  openStripe,
  refusal,
  subscribe,
} from '../../../test/stripe/fixture.ts'

describe('a subscription', () => {
  test('is in flexible billing mode, unless it is asked for another or made by an older version', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const plain = await subscribe(stripe)
    expect(plain.billing_mode).toEqual({
      flexible: { proration_discounts: 'included' },
      type: 'flexible',
    })
    const classic = await subscribe(stripe, { billing_mode: { type: 'classic' } })
    expect(classic.billing_mode).toMatchObject({ flexible: null, type: 'classic' })
    const customer = (await customerWith(stripe)).id
    const items = [{ price: await monthlyPrice(stripe) }]
    const older = await stripe.subscriptions.create(
      { customer, items },
      { apiVersion: '2025-06-30.basil' },
    )
    expect(older.billing_mode.type).toBe('classic')
    const migrated = await stripe.subscriptions.migrate(classic.id, {
      billing_mode: { type: 'flexible' },
    })
    expect(migrated.billing_mode.type).toBe('flexible')
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
    const update = server
      .events()
      .find(
        ({ data, type }) =>
          type === 'customer.subscription.updated' && data.object['cancel_at_period_end'] === true,
      )
    expect(update?.data.previous_attributes).toMatchObject({
      cancel_at_period_end: false,
      cancel_at: null,
    })
    expect(update?.data.previous_attributes).not.toHaveProperty('status')
    const byEnum = await stripe.subscriptions.update(id, { cancel_at: 'max_period_end' })
    expect(byEnum).toMatchObject({ cancel_at_period_end: false, cancel_at: periodEnd })
    expect(await refusal(stripe.subscriptions.update(id, { cancel_at: 1 }))).toMatchObject({
      param: 'cancel_at',
      status: 400,
    })
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
