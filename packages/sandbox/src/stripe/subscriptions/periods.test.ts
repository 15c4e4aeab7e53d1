import { describe, expect, test } from 'vitest'

import { monthlyPrice, openStripeAt, seconds, subscribe } from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
describe('a billing period', () => {
  test('ends by the day of the anchor, or the month’s last: 31 Jan, 28 Feb, 31 Mar, 30 Apr', async () => {
    await using open = await openStripeAt('2026-01-31T09:30:00Z')
    const { stripe } = open
    const { id } = await subscribe(stripe)
    const ends: string[] = []
    for (const moment of [
      '2026-01-31T09:30:00Z',
      '2026-03-01T00:00:00Z',
      '2026-04-01T00:00:00Z',
      '2026-05-01T00:00:00Z',
    ]) {
      await open.moveTo(moment)
      const { items } = await stripe.subscriptions.retrieve(id)
      ends.push(new Date((items.data[0]?.current_period_end ?? 0) * 1000).toISOString())
    }
    expect(ends).toEqual([
      '2026-02-28T09:30:00.000Z',
      '2026-03-31T09:30:00.000Z',
      '2026-04-30T09:30:00.000Z',
      '2026-05-31T09:30:00.000Z',
    ])
  })

  test('is counted from an anchor in the future, and by other rhythms', async () => {
    await using open = await openStripeAt('2028-02-29T00:00:00Z')
    const { stripe } = open
    const yearly = await monthlyPrice(stripe, { recurring: { interval: 'year' } })
    const { id } = await subscribe(stripe, { items: [{ price: yearly }] })
    await open.moveTo('2029-03-01T00:00:00Z')
    const { items } = await stripe.subscriptions.retrieve(id)
    expect(items.data[0]).toMatchObject({
      current_period_end: seconds('2030-02-28T00:00:00Z'),
      current_period_start: seconds('2029-02-28T00:00:00Z'),
    })
    const weekly = await monthlyPrice(stripe, {
      recurring: { interval: 'week', interval_count: 2 },
    })
    const anchored = await subscribe(stripe, {
      billing_cycle_anchor: seconds('2029-03-10T00:00:00Z'),
      items: [{ price: weekly }],
    })
    expect(anchored.items.data[0]?.current_period_end).toBe(seconds('2029-03-10T00:00:00Z'))
    await open.moveTo('2029-03-11T00:00:00Z')
    const next = await stripe.subscriptions.retrieve(anchored.id)
    expect(next.items.data[0]?.current_period_end).toBe(seconds('2029-03-24T00:00:00Z'))
  })

  test('begins with a draft that is finalized and paid an hour later', async () => {
    await using open = await openStripeAt('2026-01-05T00:00:00Z')
    const { stripe } = open
    const { id } = await subscribe(stripe)
    await open.moveTo('2026-02-05T00:30:00Z')
    const draft = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
    expect(draft.latest_invoice).toMatchObject({
      automatically_finalizes_at: seconds('2026-02-05T01:00:00Z'),
      billing_reason: 'subscription_cycle',
      number: null,
      status: 'draft',
    })
    await open.moveTo('2026-02-05T01:00:00Z')
    const paid = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
    expect(paid.latest_invoice).toMatchObject({ amount_paid: 1980, status: 'paid' })
    expect(paid.status).toBe('active')
  })

  test('is the last one of a subscription that is to end with it', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const renewing = await subscribe(stripe)
    const ending = await subscribe(stripe, { cancel_at_period_end: true })
    await open.moveTo('2026-03-15T00:00:00Z')
    expect((await stripe.subscriptions.retrieve(ending.id)).ended_at).toBe(
      seconds('2026-02-01T00:00:00Z'),
    )
    const invoices = await stripe.invoices.list({ customer: renewing.customer as string })
    expect(invoices.data.map(({ billing_reason: reason }) => reason)).toEqual([
      'subscription_cycle',
      'subscription_cycle',
      'subscription_create',
    ])
    const ended = server.events().find(({ type }) => type === 'customer.subscription.deleted')
    expect(ended?.created).toBe(seconds('2026-02-01T00:00:00Z'))
  })
})
