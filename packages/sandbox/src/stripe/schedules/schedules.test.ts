import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import {
  customerWith,
  monthlyPrice,
  openStripe,
  openStripeAt,
  type OpenStripeAtTime,
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

/** The phase that a schedule is in, as an update repeats it. */
function first(
  schedule: Stripe.SubscriptionSchedule,
): Stripe.SubscriptionScheduleUpdateParams.Phase {
  const [phase] = schedule.phases
  return {
    start_date: phase?.start_date ?? 0,
    end_date: phase?.end_date ?? 0,
    items: [{ price: phase?.items[0]?.price as string, quantity: 1 }],
  }
}

// Source: https://docs.stripe.com/api/subscription_schedules/release, https://github.com/YumaInaura/YumaInaura/issues/2902
describe('a schedule that cancels', () => {
  const end = seconds('2026-02-01T00:00:00Z')

  async function openEnding(): Promise<
    AsyncDisposable & {
      open: OpenStripeAtTime
      id: string
      schedule: Stripe.SubscriptionSchedule
      retrieve: () => Promise<Stripe.Subscription>
    }
  > {
    const open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id } = await subscribe(stripe)
    const made = await stripe.subscriptionSchedules.create({ from_subscription: id })
    const schedule = await stripe.subscriptionSchedules.update(made.id, { end_behavior: 'cancel' })
    const retrieve = (): Promise<Stripe.Subscription> => stripe.subscriptions.retrieve(id)
    return {
      open,
      id,
      schedule,
      retrieve,
      [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
    }
  }

  test('is seen on its subscription, which ends then, and is completed', async () => {
    await using ending = await openEnding()
    const { open, schedule, retrieve } = ending
    expect(await retrieve()).toMatchObject({
      cancel_at: end,
      cancel_at_period_end: false,
      canceled_at: open.now(),
      schedule: schedule.id,
    })
    expect(open.server.events().at(-1)).toMatchObject({
      type: 'customer.subscription.updated',
      data: { object: { cancel_at: end }, previous_attributes: { cancel_at: null } },
    })
    await open.moveTo('2026-02-01T02:00:00Z')
    expect(await retrieve()).toMatchObject({ status: 'canceled', ended_at: end })
    expect(await open.stripe.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
      status: 'completed',
    })
    expect(open.server.invoices()).toHaveLength(1)
  })

  test('moves the end with its phases, and takes it back when it is to release', async () => {
    await using ending = await openEnding()
    const { open, schedule, retrieve } = ending
    const { subscriptionSchedules: schedules } = open.stripe
    const phases = [{ ...first(schedule), end_date: seconds('2026-03-01T00:00:00Z') }]
    await schedules.update(schedule.id, { phases })
    expect((await retrieve()).cancel_at).toBe(seconds('2026-03-01T00:00:00Z'))
    await schedules.update(schedule.id, { end_behavior: 'release' })
    expect(await retrieve()).toMatchObject({ cancel_at: null, canceled_at: null })
  })

  test.each([
    [undefined, null],
    [false, null],
    [true, end],
  ])('released with preserve_cancel_date: %s leaves the end %s', async (preserve, left) => {
    await using ending = await openEnding()
    const { open, schedule, retrieve } = ending
    const change = preserve === undefined ? {} : { preserve_cancel_date: preserve }
    await open.stripe.subscriptionSchedules.release(schedule.id, change)
    expect(await retrieve()).toMatchObject({ cancel_at: left, schedule: null })
    await open.moveTo('2026-02-02T00:00:00Z')
    expect((await retrieve()).status).toBe(left === null ? 'active' : 'canceled')
  })

  test.each([
    [{}, 2],
    [{ prorate: false, invoice_now: false }, 1],
  ])('is cancelled at once: %j leaves %d invoices', async (how, invoices) => {
    await using ending = await openEnding()
    const { open, schedule, retrieve } = ending
    await open.moveTo('2026-01-16T12:00:00Z')
    const canceled = await open.stripe.subscriptionSchedules.cancel(schedule.id, how)
    expect(canceled).toMatchObject({ status: 'canceled', canceled_at: open.now() })
    expect((await retrieve()).status).toBe('canceled')
    expect(open.server.invoices()).toHaveLength(invoices)
    const last = open.server.invoices().at(-1)
    if (invoices === 2) expect(last).toMatchObject({ total: -990, amount_due: 0 })
  })

  test('ends with its subscription', async () => {
    await using ending = await openEnding()
    const { open, id, schedule } = ending
    await open.stripe.subscriptions.cancel(id)
    expect(await open.stripe.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
      status: 'canceled',
    })
    expect(open.server.events().map(({ type }) => type)).toContain('subscription_schedule.canceled')
  })

  test('that makes its subscription shows the end from the first event on', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id: customer } = await customerWith(stripe)
    const schedule = await stripe.subscriptionSchedules.create({
      customer,
      end_behavior: 'cancel',
      phases: [{ items: [{ price: await monthlyPrice(stripe) }] }],
      start_date: 'now',
    })
    const created = server.events().find(({ type }) => type === 'customer.subscription.created')
    expect(created?.data.object).toMatchObject({ cancel_at: end, schedule: schedule.id })
  })
})

describe('a schedule is refused', () => {
  // https://github.com/better-auth/better-auth/pull/8069
  test.each([
    ['end_behavior', { end_behavior: 'cancel' }],
    ['metadata', { metadata: { colour: 'red' } }],
    ['phases', { phases: [{ items: [{ price: 'price_none' }] }] }],
    ['start_date', { start_date: 'now' }],
    ['customer', { customer: 'cus_none' }],
  ] as const)('made from a subscription with %s', async (param, more) => {
    await using open = await openStripe()
    const { stripe } = open
    const { id } = await subscribe(stripe)
    const making = stripe.subscriptionSchedules.create({
      from_subscription: id,
      ...(more as object),
    })
    expect(await refusal(making)).toMatchObject({
      status: 400,
      param,
      message: `You cannot set \`${param}\` if \`from_subscription\` is set.`,
    })
    expect(open.server.subscriptions()).toMatchObject([{ schedule: null }])
  })

  test.each([
    ['no phase says where it begins', { start_date: undefined }, 'missing at least one phase'],
    ['the current phase begins elsewhere', { start_date: 'now' }, 'can not modify the start date'],
    [
      'a phase says twice how long it lasts',
      { duration: { interval: 'month' } },
      'You may only specify one of these parameters',
    ],
    ['it ends in the past', { end_date: seconds('2026-01-02T00:00:00Z') }, 'in the future'],
  ] as const)('where %s', async (_name, change, message) => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id } = await subscribe(stripe)
    await open.moveTo('2026-01-10T00:00:00Z')
    const { subscriptionSchedules: schedules } = stripe
    const made = await schedules.create({ from_subscription: id })
    const phases = [
      { ...first(made), ...change },
    ] as Stripe.SubscriptionScheduleUpdateParams.Phase[]
    const refused = await refusal(schedules.update(made.id, { phases, end_behavior: 'cancel' }))
    expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error' })
    expect(refused.message).toContain(message)
    const { end_behavior, phases: kept } = made
    expect(await schedules.retrieve(made.id)).toMatchObject({ end_behavior, phases: kept })
  })

  test('once it is over: an update, a release, a cancel', async () => {
    await using open = await openStripe()
    const { subscriptionSchedules: schedules } = open.stripe
    const { id } = await schedules.create({ from_subscription: (await subscribe(open.stripe)).id })
    await schedules.release(id)
    for (const call of [schedules.update(id, {}), schedules.release(id), schedules.cancel(id)]) {
      expect(await refusal(call)).toMatchObject({
        status: 400,
        message: expect.stringContaining('currently in the `released` status') as string,
      })
    }
  })
})
