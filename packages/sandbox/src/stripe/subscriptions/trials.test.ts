import { describe, expect, test } from 'vitest'

import {
  monthlyPrice,
  openStripeAt,
  refusal,
  seconds,
  subscribe,
} from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/billing/subscriptions/trials
describe('a trial', () => {
  test('costs nothing, is told of three days before its end, and is then paid', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const made = await subscribe(stripe, { trial_period_days: 14 })
    expect(made).toMatchObject({ status: 'trialing', trial_end: seconds('2026-01-15T00:00:00Z') })
    expect(made.items.data[0]?.current_period_end).toBe(made.trial_end)
    const first = await stripe.invoices.retrieve(made.latest_invoice as string)
    expect(first).toMatchObject({ status: 'paid', total: 0, lines: { data: [{ amount: 0 }] } })
    await open.moveTo('2026-01-16T00:00:00Z')
    const told = server
      .events()
      .filter(({ type }) => type === 'customer.subscription.trial_will_end')
    expect(told.map(({ created }) => created)).toEqual([seconds('2026-01-12T00:00:00Z')])
    const after = await stripe.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
    expect(after).toMatchObject({
      billing_cycle_anchor: seconds('2026-01-15T00:00:00Z'),
      latest_invoice: { amount_paid: 1980 },
      status: 'active',
    })
  })

  test('without a card is past due an hour after its end, canceled or paused, as its settings say', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const trial = async (missing: 'cancel' | 'create_invoice' | 'pause'): Promise<string> => {
      const { id: customer } = await stripe.customers.create()
      const made = await subscribe(stripe, {
        customer,
        trial_period_days: 14,
        trial_settings: { end_behavior: { missing_payment_method: missing } },
      })
      return made.id
    }
    const ids = [await trial('create_invoice'), await trial('cancel'), await trial('pause')]
    const statuses = (): unknown[] =>
      ids.map((id) => server.subscriptions().find((each) => each.id === id)?.status)
    await open.moveTo('2026-01-15T00:00:00Z')
    expect(statuses()).toEqual(['active', 'canceled', 'paused'])
    await open.moveTo('2026-01-15T01:00:00Z')
    expect(statuses()).toEqual(['past_due', 'canceled', 'paused'])
    const types = server.events().map(({ type }) => type)
    expect(types).toContain('customer.subscription.paused')
  })

  test('that ends now is invoiced now, and its period begins now', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id } = await subscribe(stripe, { trial_period_days: 30 })
    await open.moveTo('2026-01-10T00:00:00Z')
    const ended = await stripe.subscriptions.update(id, {
      expand: ['latest_invoice'],
      trial_end: 'now',
    })
    expect(ended).toMatchObject({
      latest_invoice: { amount_paid: 1980, billing_reason: 'subscription_update', status: 'paid' },
      status: 'active',
      trial_end: seconds('2026-01-10T00:00:00Z'),
    })
    expect(ended.items.data[0]).toMatchObject({
      current_period_end: seconds('2026-02-10T00:00:00Z'),
      current_period_start: seconds('2026-01-10T00:00:00Z'),
    })
    const types = server.events().map(({ type }) => type)
    expect(types).toContain('customer.subscription.trial_will_end')
  })

  test('is 730 days at most', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const longest = open.now() + 730 * 86_400
    expect((await subscribe(stripe, { trial_end: longest })).trial_end).toBe(longest)
    expect(await refusal(subscribe(stripe, { trial_end: longest + 1 }))).toMatchObject({
      param: 'trial_end',
      status: 400,
    })
    expect(await refusal(subscribe(stripe, { trial_period_days: 731 }))).toMatchObject({
      param: 'trial_period_days',
      status: 400,
    })
    const past = await refusal(subscribe(stripe, { trial_end: open.now() }))
    expect(past).toMatchObject({ param: 'trial_end', status: 400 })
  })

  test('may be made longer, and given to a subscription that pays', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id } = await subscribe(stripe)
    await open.moveTo('2026-01-16T12:00:00Z')
    const end = seconds('2026-03-01T00:00:00Z')
    const given = await stripe.subscriptions.update(id, {
      trial_end: end,
      proration_behavior: 'none',
    })
    expect(given).toMatchObject({ billing_cycle_anchor: end, status: 'trialing', trial_end: end })
    await open.moveTo('2026-03-01T02:00:00Z')
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
    const price = await monthlyPrice(stripe)
    expect(price).toMatch(/^price_/)
  })
})
