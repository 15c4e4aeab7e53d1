import { expect, test } from 'vitest'

import {
  customerWith,
  monthlyPrice,
  openStripeAt,
  refusal,
  seconds,
  subscribe,
} from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
test('a schedule changes the plan at the end of the period, then lets the subscription go on alone', async () => {
  await using open = await openStripeAt('2026-01-01T00:00:00Z')
  const { server, stripe } = open
  const cheaper = await monthlyPrice(stripe, { unit_amount: 980 })
  const made = await subscribe(stripe)
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: made.id })
  expect(schedule).toMatchObject({
    current_phase: { end_date: seconds('2026-02-01T00:00:00Z') },
    status: 'active',
  })
  const [first] = schedule.phases
  await stripe.subscriptionSchedules.update(schedule.id, {
    end_behavior: 'release',
    phases: [
      {
        end_date: first?.end_date ?? 0,
        items: [{ price: made.items.data[0]?.price.id ?? '', quantity: 1 }],
        start_date: first?.start_date ?? 0,
      },
      { duration: { interval: 'month', interval_count: 1 }, items: [{ price: cheaper }] },
    ],
  })
  const expand = ['latest_invoice']
  expect((await stripe.subscriptions.retrieve(made.id)).schedule).toBe(schedule.id)
  await open.moveTo('2026-02-01T01:00:00Z')
  const second = await stripe.subscriptions.retrieve(made.id, { expand })
  expect(second).toMatchObject({
    items: { data: [{ id: made.items.data[0]?.id, price: { id: cheaper } }] },
    latest_invoice: { amount_paid: 980 },
  })
  await open.moveTo('2026-03-02T00:00:00Z')
  const released = await stripe.subscriptionSchedules.retrieve(schedule.id)
  expect(released).toMatchObject({
    released_subscription: made.id,
    status: 'released',
    subscription: null,
  })
  expect(await stripe.subscriptions.retrieve(made.id)).toMatchObject({
    schedule: null,
    status: 'active',
  })
  expect(server.events().map(({ type }) => type)).toContain('subscription_schedule.released')
  expect(await refusal(stripe.subscriptionSchedules.release(schedule.id))).toMatchObject({
    status: 400,
  })
})

test('a schedule that begins later makes its subscription then, and ends it when it says cancel', async () => {
  await using open = await openStripeAt('2026-01-01T00:00:00Z')
  const { stripe } = open
  const { id: customer } = await customerWith(stripe)
  const price = await monthlyPrice(stripe)
  const schedule = await stripe.subscriptionSchedules.create({
    customer,
    end_behavior: 'cancel',
    phases: [
      { duration: { interval: 'month', interval_count: 2 }, items: [{ price, quantity: 1 }] },
    ],
    start_date: seconds('2026-01-15T00:00:00Z'),
  })
  expect(schedule).toMatchObject({ status: 'not_started', subscription: null })
  await open.moveTo('2026-01-15T02:00:00Z')
  const begun = await stripe.subscriptionSchedules.retrieve(schedule.id, {
    expand: ['subscription'],
  })
  expect(begun).toMatchObject({ status: 'active', subscription: { status: 'active' } })
  await open.moveTo('2026-03-15T02:00:00Z')
  const done = await stripe.subscriptionSchedules.retrieve(schedule.id)
  expect(done.status).toBe('completed')
  const [ended] = (await stripe.subscriptions.list({ customer, status: 'all' })).data
  expect(ended?.status).toBe('canceled')
})
