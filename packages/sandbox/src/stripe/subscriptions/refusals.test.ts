import { describe, expect, test } from 'vitest'
import {
  monthlyPrice,
  openCheckout,
  openStripe,
  openStripeAt,
  refusal,
  seconds,
  subscribe,
} from '../../../test/stripe/fixture.ts'

describe('a change of a subscription is refused', () => {
  // https://github.com/civitai/civitai/pull/4945
  test('to a price in another currency, and so is a checkout of its customer', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const made = await subscribe(stripe)
    const price = await monthlyPrice(stripe, { currency: 'usd' })
    const refused = await refusal(
      stripe.subscriptions.update(made.id, {
        items: [{ id: made.items.data[0]?.id ?? '', price }],
      }),
    )
    expect(refused).toMatchObject({ param: 'items[0][price]', status: 400 })
    expect(refused.message).toBe(
      "The price specified only supports `usd`. This doesn't match the expected currency: `jpy`.",
    )
    const customer = made.customer as string
    const line_items = [{ price, quantity: 1 }]
    expect(await refusal(openCheckout(stripe, { customer, line_items }))).toMatchObject({
      param: 'line_items[0][price]',
      status: 400,
    })
    expect((await openCheckout(stripe, { line_items })).currency).toBe('usd')
  })

  // https://github.com/dust-tt/dust/pull/32051
  test('of its end, planned or taken back, while a schedule has it', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id } = await subscribe(stripe)
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id })
    for (const change of [
      { cancel_at_period_end: true },
      { cancel_at_period_end: false },
      { cancel_at: 'max_period_end' },
      { cancel_at: '' },
    ] as const) {
      const refused = await refusal(stripe.subscriptions.update(id, change))
      expect(refused.status).toBe(400)
      expect(refused.message).toContain(`managed by the subscription schedule \`${schedule.id}\``)
    }
    await stripe.subscriptions.update(id, { metadata: { colour: 'red' } })
    await stripe.subscriptionSchedules.release(schedule.id)
    const ending = await stripe.subscriptions.update(id, { cancel_at_period_end: true })
    expect(ending.cancel_at_period_end).toBe(true)
  })

  // Source: https://docs.stripe.com/api/subscriptions/object#subscription_object-status
  test('of what it costs, while it waits for its first payment', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const made = await subscribe(stripe, {}, 'pm_card_chargeCustomerFail')
    expect(made.status).toBe('incomplete')
    const items = [{ id: made.items.data[0]?.id ?? '', quantity: 2 }]
    for (const refused of [
      stripe.subscriptions.update(made.id, { items }),
      stripe.subscriptionItems.update(items[0]?.id ?? '', { quantity: 2 }),
      stripe.invoices.createPreview({ subscription: made.id, subscription_details: { items } }),
      stripe.subscriptions.update(made.id, { billing_cycle_anchor: { type: 'now' } }),
      stripe.subscriptions.update(made.id, { trial_end: Math.ceil(Date.now() / 1_000) + 86_400 }),
    ]) {
      expect((await refusal(refused)).message).toContain('in `incomplete` status')
    }
    const kept = await stripe.subscriptions.update(made.id, { metadata: { colour: 'red' } })
    expect(kept).toMatchObject({ items: { data: [{ quantity: 1 }] }, metadata: { colour: 'red' } })
  })

  // Source: https://docs.stripe.com/billing/subscriptions/prorations
  test.each([
    ['before its period', '2026-05-31T23:59:59Z', undefined],
    ['after its period', '2026-07-01T00:00:01Z', undefined],
    ['with a period that begins now', '2026-06-11T00:00:00Z', { type: 'now' }],
  ] as const)('from a date %s', async (_name, date, anchor) => {
    await using open = await openStripeAt('2026-06-01T00:00:00Z')
    const { stripe } = open
    const { id, items } = await subscribe(stripe)
    await open.moveTo('2026-06-11T00:00:00Z')
    const change = {
      items: [{ id: items.data[0]?.id ?? '', quantity: 2 }],
      proration_date: seconds(date),
      ...(anchor === undefined ? {} : { billing_cycle_anchor: anchor }),
    }
    const refused = { param: 'proration_date', status: 400 }
    expect(await refusal(stripe.subscriptions.update(id, change))).toMatchObject(refused)
    const preview = { subscription: id, subscription_details: change }
    expect(await refusal(stripe.invoices.createPreview(preview))).toMatchObject(refused)
  })
})
