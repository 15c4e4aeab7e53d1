import { expect, test } from 'vitest'

import {
  customerWith,
  monthlyPrice,
  openStripe,
  openStripeAt,
  refusal,
} from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/billing/subscriptions/usage-based/implementation-guide
test('usage is counted once, summed up, and billed when its period ends', async () => {
  await using open = await openStripeAt('2026-01-01T00:00:00Z')
  const { stripe } = open
  const meter = await stripe.billing.meters.create({
    default_aggregation: { formula: 'sum' },
    display_name: 'API calls',
    event_name: 'api_calls',
  })
  const price = await monthlyPrice(stripe, {
    recurring: { interval: 'month', meter: meter.id, usage_type: 'metered' },
    unit_amount: 3,
  })
  const { id: customer } = await customerWith(stripe)
  const made = await stripe.subscriptions.create({ customer, items: [{ price }] })
  expect(made).toMatchObject({ items: { data: [{ price: { id: price } }] }, status: 'active' })
  await open.moveTo('2026-01-10T00:00:00Z')
  const use = (value: number, identifier: string): Promise<unknown> =>
    stripe.billing.meterEvents.create({
      event_name: 'api_calls',
      identifier,
      payload: { stripe_customer_id: customer, value: String(value) },
    })
  await use(40, 'a')
  await use(60, 'b')
  const again = await refusal(use(60, 'b'))
  expect(again).toMatchObject({
    message: 'An event already exists with identifier b.',
    status: 400,
  })
  expect(again).not.toHaveProperty('code')
  const summary = await stripe.billing.meters.listEventSummaries(meter.id, {
    customer,
    end_time: open.now() + 60,
    start_time: open.now() - 60,
  })
  expect(summary.data).toMatchObject([{ aggregated_value: 100, meter: meter.id }])
  await open.moveTo('2026-02-01T01:00:00Z')
  const invoiced = await stripe.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
  expect(invoiced.latest_invoice).toMatchObject({
    amount_paid: 300,
    lines: { data: [{ amount: 300, quantity: 100 }] },
  })
})

test('a meter refuses what it does not know', async () => {
  await using open = await openStripeAt('2026-01-01T00:00:00Z')
  const { stripe } = open
  const meter = await stripe.billing.meters.create({
    default_aggregation: { formula: 'last' },
    display_name: 'Seats',
    event_name: 'seats',
  })
  const event = (
    payload: Record<string, string>,
    event_name = 'seats',
    timestamp?: number,
  ): Promise<unknown> =>
    stripe.billing.meterEvents.create({
      event_name,
      payload,
      ...(timestamp === undefined ? {} : { timestamp }),
    })
  const { id: customer } = await customerWith(stripe)
  const mine = { stripe_customer_id: customer, value: '1' }
  expect(await refusal(event(mine, 'chairs'))).toMatchObject({ status: 400 })
  expect(await refusal(event({ value: '1' }))).toMatchObject({ code: 'parameter_missing' })
  expect(await refusal(event({ ...mine, value: 'many' }))).toMatchObject({ status: 400 })
  expect(await refusal(event(mine, 'seats', open.now() - 36 * 86_400))).toMatchObject({
    param: 'timestamp',
  })
  await stripe.billing.meters.deactivate(meter.id)
  expect(await refusal(event(mine))).toMatchObject({ status: 400 })
  expect(
    await refusal(
      monthlyPrice(stripe, { recurring: { interval: 'month', usage_type: 'metered' } }),
    ),
  ).toMatchObject({
    param: 'recurring[meter]',
  })
})

// Source: https://docs.stripe.com/changelog/dahlia/2026-04-22/billing-meter-event-values-validation
test.each([
  ['999999999999999', undefined],
  ['0.000000123456789012345', undefined],
  ['9007199254740991', 'meter_event_value_too_many_digits'],
  ['0.30000000000000004', 'meter_event_value_too_many_digits'],
])('usage has at most 15 digits: %s', async (value, code) => {
  await using open = await openStripe()
  const { stripe } = open
  await stripe.billing.meters.create({
    default_aggregation: { formula: 'sum' },
    display_name: 'pages',
    event_name: 'pages',
  })
  const { id } = await customerWith(stripe)
  const payload = { stripe_customer_id: id, value }
  const counted = await refusal(stripe.billing.meterEvents.create({ event_name: 'pages', payload }))
  expect(counted.code).toBe(code)
})
