import { TestClock } from '@yuzuru/concurrency/testing'
import { withTimeout } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { createFakeBilling } from './fake-billing.ts'
import type { FakeFault } from './fake-http-client.ts'
import { failureOf } from '../../test/failure-of.ts'

const office = { reference: 'office-1', email: 'hanako@example.jp' }

test('a checkout is completed and its webhook received', async () => {
  await using billing = createFakeBilling({ trial: { days: 180 } })
  const { sessionId } = await billing.checkout(office.reference, {
    price: 'price_basic',
    customer: { email: office.email },
    successUrl: 'https://app.example.jp/done',
  })
  const { body, signature } = billing.sign(billing.completeCheckout(sessionId))
  const headers = { 'stripe-signature': signature }
  const request = new Request('https://app.example.jp/', { method: 'POST', body, headers })
  expect((await billing.webhook(request)).status).toBe(200)
  expect(await billing.status('office-1')).toMatchObject({ status: 'early_payment' })
  expect(billing.subscriptions).toHaveLength(1)
})

test.each([
  ['refused', 'connection_failed', 'none'],
  ['server-error', 'unavailable', 'unknown'],
] as const)('%s is %s with the outcome %s, once', async (fault, code, outcome) => {
  await using billing = createFakeBilling()
  billing.failNext({ when: 'POST /v1/customers', fault })
  const error = await failureOf(billing.ensureCustomer(office))
  expect(error).toMatchObject({ code, outcome })
  expect(billing.customers).toEqual([])
  await billing.ensureCustomer(office)
  expect(billing.customers).toHaveLength(1)
})

test.each([
  [{ fault: 'typo' }, "one of 'lost-reply', 'refused', 'server-error', 'silence', got 'typo'"],
  [{}, 'got undefined'],
  [{ fault: 'silence', when: 'post /v1/customers' }, "'POST /v1/customers' does, got"],
  [{ fault: 'silence', when: '' }, "'POST /v1/customers' does, got"],
  [{ fault: 'silence', times: 2 }, 'it takes when, fault'],
  ['silence', 'the fault to be an object'],
])('a fault that there is not is refused: %j', async (fault, words) => {
  await using billing = createFakeBilling()
  const fail = (it: unknown): void => billing.failNext(it as FakeFault)
  expect(() => fail(fault)).toThrow(TypeError)
  expect(() => fail(fault)).toThrow(words)
})

test('silence lasts until the deadline', async () => {
  using clock = TestClock.install()
  await using billing = createFakeBilling()
  billing.failNext({ fault: 'silence' })
  const cut = failureOf(withTimeout(2_000, () => billing.ensureCustomer(office)))
  await clock.advance(2_000)
  expect(await cut).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
})

test('its native client obeys the deadline too', async () => {
  using clock = TestClock.install()
  await using billing = createFakeBilling()
  billing.failNext({ fault: 'silence' })
  const cut = failureOf(withTimeout(2_000, () => billing.client.customers.list()))
  await clock.advance(2_000)
  expect(await cut).toMatchObject({ name: 'TimeoutError' })
})

test('what it shows is a copy', async () => {
  await using billing = createFakeBilling()
  await billing.ensureCustomer(office)
  for (const customer of billing.customers) customer.email = 'changed@example.jp'
  expect(billing.customers).toMatchObject([{ email: office.email }])
})

test('a path that it does not have is 404', async () => {
  await using billing = createFakeBilling()
  expect(await failureOf(billing.client.coupons.list())).toMatchObject({ status: 404 })
})
