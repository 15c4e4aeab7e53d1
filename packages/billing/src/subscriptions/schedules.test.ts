import { describe, expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { openSubscribed, reference, type Subscribed } from '../../test/subscriber.ts'
import { subscriptionNow } from '../../test/subscription-now.ts'

/** A subscription that a schedule is to make cheaper or dearer with its next period. */
async function schedule(open: Subscribed): Promise<string> {
  const { client: stripe } = open.stage.billing
  const { id, items } = await open.subscribe()
  const { id: made, phases } = await stripe.subscriptionSchedules.create({ from_subscription: id })
  await stripe.subscriptionSchedules.update(made, {
    phases: [
      {
        start_date: phases[0]?.start_date ?? 0,
        end_date: phases[0]?.end_date ?? 0,
        items: [{ price: items.data[0]?.price.id ?? '', quantity: 1 }],
      },
      {
        duration: { interval: 'month', interval_count: 1 },
        items: [{ price: open.otherPrice, quantity: 1 }],
      },
    ],
  })
  return made
}

// https://github.com/dust-tt/dust/pull/32051, https://github.com/better-auth/better-auth/pull/6961
describe('a subscription that a schedule has', () => {
  test.each(['period-end', 'a date', 'now'] as const)('can be cancelled: %s', async (when) => {
    await using open = await openSubscribed()
    const { billing, store } = open.stage
    const { client: stripe } = billing
    const id = await schedule(open)
    const at =
      when === 'a date' ? new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 86_400_000) : when
    const ended = await billing.cancel(reference, { at })
    expect(ended.endsAt).toBeInstanceOf(Date)
    const planned = when === 'now' ? 'canceled' : 'released'
    expect(await stripe.subscriptionSchedules.retrieve(id)).toMatchObject({ status: planned })
    expect(await store.findSubscription(ended.id)).toMatchObject({
      endsAt: ended.endsAt?.getTime(),
    })
  })

  test('can have its planned end taken back', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { id } = await open.subscribe({ cancel_at_period_end: true })
    await billing.client.subscriptionSchedules.create({ from_subscription: id })
    expect(await billing.resume(reference)).toMatchObject({ endsAt: undefined })
    expect(await subscriptionNow(billing, reference)).toMatchObject({ endsAt: undefined })
  })

  test('is cancelled by two calls at once', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    await schedule(open)
    const [one, other] = await Promise.all([
      billing.cancel(reference),
      open.stage.another().cancel(reference),
    ])
    expect(one.endsAt).toEqual(other.endsAt)
    expect(one.endsAt).toBeInstanceOf(Date)
  })

  test('was set free, though its end could not be planned: the outcome is not none', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const id = await schedule(open)
    server.setTroubles({ kind: 'rate_limit', when: 'POST /v1/subscriptions/', times: 9 })
    expect(await failureOf(billing.cancel(reference))).toMatchObject({
      code: 'rate_limited',
      outcome: 'unknown',
    })
    const { client: stripe } = billing
    expect(await stripe.subscriptionSchedules.retrieve(id)).toMatchObject({ status: 'released' })
    server.setTroubles()
    expect((await billing.cancel(reference)).endsAt).toBeInstanceOf(Date)
  })

  test('stays as it is when the schedule can not be released', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const id = await schedule(open)
    server.setTroubles({ kind: 'rate_limit', when: '/release', times: 9 })
    expect(await failureOf(billing.cancel(reference))).toMatchObject({
      code: 'rate_limited',
      outcome: 'none',
    })
    expect(server.subscriptions()).toMatchObject([{ schedule: id, cancel_at: null }])
  })
})

/** A subscription that a schedule ends with its period. */
async function scheduleEnd(open: Subscribed): Promise<{ schedule: string; endsAt: Date }> {
  const { client: stripe } = open.stage.billing
  const { id, items } = await open.subscribe()
  const { id: schedule } = await stripe.subscriptionSchedules.create({ from_subscription: id })
  await stripe.subscriptionSchedules.update(schedule, { end_behavior: 'cancel' })
  return { schedule, endsAt: new Date((items.data[0]?.current_period_end ?? 0) * 1_000) }
}

describe('a subscription that a schedule is to end', () => {
  test('is canceling until then', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { endsAt } = await scheduleEnd(open)
    await billing.sync(reference)
    expect(await billing.status(reference)).toMatchObject({ status: 'canceling', endsAt })
  })

  test.each(['period-end', 'a date', 'now'] as const)('can be cancelled: %s', async (when) => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { endsAt } = await scheduleEnd(open)
    const at = when === 'a date' ? new Date(endsAt.getTime() - 86_400_000) : when
    const ended = await billing.cancel(reference, { at })
    if (when === 'period-end') expect(ended.endsAt).toEqual(endsAt)
    if (when === 'a date') expect(ended.endsAt).toEqual(at)
    expect((await billing.status(reference)).status).toBe(when === 'now' ? 'canceled' : 'canceling')
  })

  test('goes on when that is taken back', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { schedule } = await scheduleEnd(open)
    expect(await billing.resume(reference)).toMatchObject({ endsAt: undefined })
    expect((await billing.status(reference)).status).toBe('active')
    expect(await billing.client.subscriptionSchedules.retrieve(schedule)).toMatchObject({
      status: 'released',
    })
  })

  test.each(['cancel', 'resume'] as const)(
    'still ends when %s breaks off between its two steps',
    async (verb) => {
      await using open = await openSubscribed()
      const { billing, server } = open.stage
      const { endsAt } = await scheduleEnd(open)
      server.setTroubles({ kind: 'rate_limit', when: 'POST /v1/subscriptions/', times: 9 })
      const broken = verb === 'cancel' ? billing.cancel(reference) : billing.resume(reference)
      expect(await failureOf(broken)).toMatchObject({ outcome: 'unknown' })
      server.setTroubles()
      await billing.sync(reference)
      expect(await billing.status(reference)).toMatchObject({ status: 'canceling', endsAt })
    },
  )

  test('ends then on another plan, too', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { endsAt } = await scheduleEnd(open)
    const changed = await billing.changePlan(reference, { price: open.otherPrice })
    expect(changed).toMatchObject({ endsAt, priceId: open.otherPrice })
    expect(await billing.status(reference)).toMatchObject({ status: 'canceling', endsAt })
  })
})

// https://github.com/better-auth/better-auth/pull/6961
describe('a change of plan beside a schedule', () => {
  test.each(['another', 'the same'] as const)(
    'to %s is what holds: the schedule no longer changes it',
    async (which) => {
      await using open = await openSubscribed()
      const { billing } = open.stage
      const { client: stripe } = billing
      const id = await schedule(open)
      const price = (await subscriptionNow(billing, reference))?.priceId ?? ''
      const wanted = which === 'another' ? open.otherPrice : price
      expect(await billing.changePlan(reference, { price: wanted })).toMatchObject({
        priceId: wanted,
        endsAt: undefined,
      })
      expect(await stripe.subscriptionSchedules.retrieve(id)).toMatchObject({ status: 'released' })
    },
  )

  test('that fails gives up nothing', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const id = await schedule(open)
    const failed = await failureOf(billing.changePlan(reference, { price: 'price_none' }))
    expect(failed).toMatchObject({ outcome: 'none' })
    expect(await billing.client.subscriptionSchedules.retrieve(id)).toMatchObject({
      status: 'active',
    })
  })

  test('that could not release it does not say that nothing has happened, and a repeat does', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const id = await schedule(open)
    const change = { price: open.otherPrice }
    server.setTroubles({ kind: 'rate_limit', when: '/release', times: 9 })
    expect(await failureOf(billing.changePlan(reference, change))).toMatchObject({
      outcome: 'unknown',
    })
    server.setTroubles()
    expect((await billing.changePlan(reference, change)).priceId).toBe(open.otherPrice)
    expect(await billing.client.subscriptionSchedules.retrieve(id)).toMatchObject({
      status: 'released',
    })
  })

  test('leaves it when only the quantity is another', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const id = await schedule(open)
    const { native } = await billing.setQuantity(reference, 3)
    expect(native.items.data).toMatchObject([{ quantity: 3 }])
    expect(await billing.client.subscriptionSchedules.retrieve(id)).toMatchObject({
      status: 'active',
    })
  })
})
