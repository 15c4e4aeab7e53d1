import { expect, test } from 'vitest'

import {
  customerWith,
  openStripe,
  refusal,
  seconds,
  subscribe,
} from '../../../test/stripe/fixture.ts'

const start = seconds('2026-01-31T00:00:00Z')

// Source: https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage
test('a test clock moves its customers only, everything in order and at its own time', async () => {
  await using open = await openStripe()
  const { server, stripe } = open
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start, name: 'a year' })
  const { id: customer } = await customerWith(stripe, 'pm_card_visa', { test_clock: clock.id })
  const made = await subscribe(stripe, { customer, trial_period_days: 14 })
  const outside = await subscribe(stripe, { trial_period_days: 14 })
  expect(made).toMatchObject({ created: start, test_clock: clock.id })
  const target = seconds('2026-03-20T00:00:00Z')
  const advancing = await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: target })
  expect(advancing).toMatchObject({
    frozen_time: start,
    status: 'advancing',
    status_details: { advancing: { target_frozen_time: target } },
  })
  const ready = await stripe.testHelpers.testClocks.retrieve(clock.id)
  expect(ready).toMatchObject({ frozen_time: target, status: 'ready' })
  expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('active')
  expect((await stripe.subscriptions.retrieve(outside.id)).status).toBe('trialing')
  const told = server
    .events()
    .filter(({ data }) => data.object['customer'] === customer || data.object['id'] === clock.id)
    .filter(({ type }) => /trial_will_end|invoice\.paid|test_clock/.test(type))
    .map(({ created, type }) => `${new Date(created * 1000).toISOString().slice(0, 13)} ${type}`)
  expect(told).toEqual([
    '2026-01-31T00 test_helpers.test_clock.created',
    '2026-01-31T00 invoice.paid',
    '2026-01-31T00 test_helpers.test_clock.advancing',
    '2026-02-11T00 customer.subscription.trial_will_end',
    '2026-02-14T01 invoice.paid',
    '2026-03-14T01 invoice.paid',
    '2026-03-20T00 test_helpers.test_clock.ready',
  ])
})

test('a test clock goes forward only, two periods at most, and holds three customers', async () => {
  await using open = await openStripe()
  const { stripe } = open
  const { id } = await stripe.testHelpers.testClocks.create({ frozen_time: start })
  const advance = (to: number): Promise<unknown> =>
    stripe.testHelpers.testClocks.advance(id, { frozen_time: to })
  expect(await refusal(advance(start))).toMatchObject({ param: 'frozen_time', status: 400 })
  const { id: customer } = await customerWith(stripe, 'pm_card_visa', { test_clock: id })
  await subscribe(stripe, { customer })
  expect(await refusal(advance(start + 63 * 86_400))).toMatchObject({ param: 'frozen_time' })
  await stripe.customers.create({ test_clock: id })
  await stripe.customers.create({ test_clock: id })
  expect(await refusal(stripe.customers.create({ test_clock: id }))).toMatchObject({
    code: 'test_clock_customer_limit',
  })
})

test('a test clock takes what lives by it along when it is deleted', async () => {
  await using open = await openStripe()
  const { stripe } = open
  const { id } = await stripe.testHelpers.testClocks.create({ frozen_time: start })
  const { id: customer } = await customerWith(stripe, 'pm_card_visa', { test_clock: id })
  const made = await subscribe(stripe, { customer })
  expect(await stripe.testHelpers.testClocks.del(id)).toMatchObject({ deleted: true })
  expect(await stripe.customers.retrieve(customer)).toMatchObject({ deleted: true })
  expect(await refusal(stripe.subscriptions.retrieve(made.id))).toMatchObject({ status: 404 })
})
