import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import { portion } from '../core/portion.ts'
import {
  customerWith,
  monthlyPrice,
  openStripe,
  openStripeAt,
  refusal,
  seconds,
  subscribe,
} from '../../../test/stripe/fixture.ts'

const amounts = (invoice: Stripe.Invoice | string | null): number[] =>
  (invoice as Stripe.Invoice).lines.data.map(({ amount }) => amount)

test('a portion of an amount is exact, to the nearest unit, halves away from zero', () => {
  const cases: [number, number, number, number][] = [
    [1980, 15, 30, 990],
    [1, 1, 2, 1],
    [-1, 1, 2, -1],
    [100, 1, 3, 33],
    [99_999_999_999, 31_535_999, 31_536_000, 99_999_996_828],
    [1000, 0, 7, 0],
  ]
  for (const [amount, part, whole, expected] of cases)
    expect(portion(amount, part, whole)).toBe(expected)
})

// Source: https://docs.stripe.com/billing/subscriptions/prorations
describe('a change in the middle of a period', () => {
  test('to a dearer price is credited and debited on the next invoice, or at once when asked', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const dearer = await monthlyPrice(stripe, { unit_amount: 3960 })
    const later = await subscribe(stripe)
    const now = await subscribe(stripe)
    await open.moveTo('2026-06-16T00:00:00Z')
    const change = (
      made: Stripe.Subscription,
      behavior?: 'always_invoice' | 'none',
    ): Promise<Stripe.Subscription> =>
      stripe.subscriptions.update(made.id, {
        expand: ['latest_invoice'],
        items: [{ id: made.items.data[0]?.id ?? '', price: dearer }],
        ...(behavior ? { proration_behavior: behavior } : {}),
      })
    const invoiced = await change(now, 'always_invoice')
    expect(amounts(invoiced.latest_invoice)).toEqual([-990, 1980])
    expect(invoiced.latest_invoice).toMatchObject({
      amount_paid: 990,
      billing_reason: 'subscription_update',
      status: 'paid',
    })
    expect(invoiced.items.data[0]).toMatchObject({
      current_period_end: seconds('2026-07-01T00:00:00Z'),
      id: now.items.data[0]?.id,
      price: { id: dearer },
    })
    const waiting = await change(later)
    expect(waiting.latest_invoice).toMatchObject({ billing_reason: 'subscription_create' })
    const items = await stripe.invoiceItems.list({
      customer: later.customer as string,
      pending: true,
    })
    expect(items.data.map(({ amount, proration }) => [amount, proration])).toEqual([
      [1980, true],
      [-990, true],
    ])
    await open.moveTo('2026-07-01T01:00:00Z')
    const renewed = await stripe.subscriptions.retrieve(later.id, { expand: ['latest_invoice'] })
    expect(amounts(renewed.latest_invoice)).toEqual([-990, 1980, 3960])
    expect(renewed.latest_invoice).toMatchObject({ amount_paid: 4950 })
  })

  test('to a cheaper one leaves a credit for the invoices that come', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const cheaper = await monthlyPrice(stripe, { unit_amount: 980 })
    const { id, items, customer } = await subscribe(stripe)
    await open.moveTo('2026-06-16T00:00:00Z')
    const changed = await stripe.subscriptions.update(id, {
      expand: ['latest_invoice'],
      items: [{ id: items.data[0]?.id ?? '', price: cheaper }],
      proration_behavior: 'always_invoice',
    })
    expect(changed.latest_invoice).toMatchObject({
      amount_due: 0,
      ending_balance: -500,
      total: -500,
    })
    expect(await stripe.customers.retrieve(customer as string)).toMatchObject({ balance: -500 })
    const next = await stripe.invoices.createPreview({ subscription: id })
    expect(next).toMatchObject({ amount_due: 480, starting_balance: -500, total: 980 })
    await open.moveTo('2026-07-01T01:00:00Z')
    const renewed = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
    expect(renewed.latest_invoice).toMatchObject({
      amount_paid: 480,
      starting_balance: -500,
      total: 980,
    })
  })

  // Source: https://docs.stripe.com/api/subscription_items/update
  test('to another price sets the quantity to 1, unless it is given; to a metered one it has none', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const [cheap, dear] = [await monthlyPrice(stripe), await monthlyPrice(stripe)]
    const { id, items } = await subscribe(stripe, { items: [{ price: cheap, quantity: 5 }] })
    const item = items.data[0]?.id ?? ''
    const change = async (fields: object): Promise<number | undefined> =>
      (await stripe.subscriptions.update(id, { items: [{ id: item, ...fields }] })).items.data[0]
        ?.quantity
    expect(await change({ price: cheap })).toBe(5)
    expect(await change({ price: dear })).toBe(1)
    expect(await change({ price: cheap, quantity: 7 })).toBe(7)
    const { id: meter } = await stripe.billing.meters.create({
      display_name: 'pages',
      event_name: 'pages',
      default_aggregation: { formula: 'sum' },
    })
    const recurring = { interval: 'month', usage_type: 'metered', meter } as const
    const metered = await monthlyPrice(stripe, { recurring })
    expect(await refusal(change({ price: metered, quantity: 2 }))).toMatchObject({ status: 400 })
    expect(await change({ price: metered })).toBeUndefined()
    expect(await change({ price: dear })).toBe(1)
  })

  test('of the quantity counts from the date it is given, and costs nothing without proration', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const { id, items, customer } = await subscribe(stripe)
    const item = items.data[0]?.id ?? ''
    await open.moveTo('2026-06-11T00:00:00Z')
    await stripe.subscriptions.update(id, {
      items: [{ id: item, quantity: 2 }],
      proration_behavior: 'none',
    })
    const pending = async (): Promise<number[]> =>
      (await stripe.invoiceItems.list({ customer: customer as string, pending: true })).data.map(
        ({ amount }) => amount,
      )
    expect(await pending()).toEqual([])
    await stripe.subscriptionItems.update(item, {
      proration_date: seconds('2026-06-21T00:00:00Z'),
      quantity: 5,
    })
    expect(await pending()).toEqual([3300, -1320])
  })

  test('to a yearly price begins a new period at once and bills it whole, less what was not used', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const yearly = await monthlyPrice(stripe, {
      recurring: { interval: 'year' },
      unit_amount: 19_800,
    })
    const { id, items } = await subscribe(stripe)
    await open.moveTo('2026-06-16T00:00:00Z')
    const changed = await stripe.subscriptions.update(id, {
      expand: ['latest_invoice'],
      items: [{ id: items.data[0]?.id ?? '', price: yearly }],
    })
    expect(amounts(changed.latest_invoice)).toEqual([-990, 19_800])
    expect(changed).toMatchObject({ billing_cycle_anchor: seconds('2026-06-16T00:00:00Z') })
    expect(changed.items.data[0]?.current_period_end).toBe(seconds('2027-06-16T00:00:00Z'))
  })

  test('includes the discount that holds', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const { id: coupon } = await stripe.coupons.create({ duration: 'forever', percent_off: 50 })
    const { id, items, customer } = await subscribe(stripe, { discounts: [{ coupon }] })
    await open.moveTo('2026-06-16T00:00:00Z')
    await stripe.subscriptions.update(id, { items: [{ id: items.data[0]?.id ?? '', quantity: 2 }] })
    const pending = await stripe.invoiceItems.list({ customer: customer as string, pending: true })
    expect(pending.data.map(({ amount }) => amount)).toEqual([990, -495])
  })

  test('adds items and removes them, but not the last', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const { id, items } = await subscribe(stripe)
    const first = items.data[0]?.id ?? ''
    const price = await monthlyPrice(stripe, { unit_amount: 600 })
    const added = await stripe.subscriptions.update(id, { items: [{ price }] })
    expect(added.items.data).toHaveLength(2)
    expect(await refusal(stripe.subscriptions.update(id, { items: [{ price }] }))).toMatchObject({
      status: 400,
    })
    const removed = await stripe.subscriptions.update(id, { items: [{ deleted: true, id: first }] })
    expect(removed.items.data).toHaveLength(1)
    const last = { items: [{ deleted: true, id: removed.items.data[0]?.id ?? '' }] }
    expect(await refusal(stripe.subscriptions.update(id, last))).toMatchObject({ status: 400 })
    expect((await stripe.subscriptions.retrieve(id)).items.data).toHaveLength(1)
  })

  test('whose payment fails is past due, or refused whole with error_if_incomplete', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const { id, items, customer } = await subscribe(stripe)
    const method = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: customer as string,
    })
    await stripe.subscriptions.update(id, { default_payment_method: method.id })
    const change = (behavior?: 'error_if_incomplete'): Promise<Stripe.Subscription> =>
      stripe.subscriptions.update(id, {
        items: [{ id: items.data[0]?.id ?? '', quantity: 3 }],
        proration_behavior: 'always_invoice',
        ...(behavior ? { payment_behavior: behavior } : {}),
      })
    expect(await refusal(change('error_if_incomplete'))).toMatchObject({ status: 402 })
    const kept = await stripe.subscriptions.retrieve(id)
    expect(kept).toMatchObject({ items: { data: [{ quantity: 1 }] }, status: 'active' })
    expect((await change()).status).toBe('past_due')
  })
})

// Source: https://docs.stripe.com/api/invoices/create_preview
describe('a preview', () => {
  test('is the next invoice, or that of a change, and changes nothing', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { server, stripe } = open
    const dearer = await monthlyPrice(stripe, { unit_amount: 3960 })
    const { id, items } = await subscribe(stripe)
    await open.moveTo('2026-06-16T00:00:00Z')
    const before = [server.events().length, server.invoices().length]
    const next = await stripe.invoices.createPreview({ subscription: id })
    expect(next).toMatchObject({
      billing_reason: 'subscription_cycle',
      status: 'draft',
      total: 1980,
    })
    expect(next.id).toMatch(/^upcoming_in_/)
    const changed = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: { items: [{ id: items.data[0]?.id ?? '', price: dearer }] },
    })
    expect(amounts(changed)).toEqual([-990, 1980, 3960])
    const atOnce = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: {
        items: [{ id: items.data[0]?.id ?? '', price: dearer }],
        proration_behavior: 'always_invoice',
      },
    })
    expect(atOnce.amount_due).toBe(990)
    expect([server.events().length, server.invoices().length]).toEqual(before)
    await stripe.subscriptions.update(id, { cancel_at_period_end: true })
    expect(await refusal(stripe.invoices.createPreview({ subscription: id }))).toMatchObject({
      code: 'invoice_upcoming_none',
    })
  })

  test('of a subscription that is not made yet', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { server, stripe } = open
    const { id: customer } = await customerWith(stripe)
    const price = await monthlyPrice(stripe)
    const preview = await stripe.invoices.createPreview({
      customer,
      subscription_details: { items: [{ price, quantity: 4 }] },
    })
    expect(preview.amount_due).toBe(7920)
    expect(server.subscriptions()).toEqual([])
  })
})

describe('an end at once', () => {
  test('credits what was not used and invoices it when asked', async () => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const { id } = await subscribe(stripe)
    await open.moveTo('2026-06-16T00:00:00Z')
    const ended = await stripe.subscriptions.cancel(id, {
      cancellation_details: { comment: '高い', feedback: 'too_expensive' },
      expand: ['latest_invoice'],
      invoice_now: true,
      prorate: true,
    })
    expect(ended).toMatchObject({
      cancellation_details: { comment: '高い', feedback: 'too_expensive' },
      latest_invoice: { total: -990 },
      status: 'canceled',
    })
  })
})
