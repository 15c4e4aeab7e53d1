import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import objects from '../fixtures/stripe-objects.json' with { type: 'json' }
import { planOf } from '../status/plan-options.ts'
import { statusOf } from '../status/status-of.ts'
import type { FetchedSubscription } from '../stores/account-record.ts'
import { subscriptionIdOf } from '../webhooks/subscription-id.ts'
import { fetchedOf } from './fetched-subscription.ts'

const { subscription } = objects
const NOW = 1_234_000_000_000

/** What an account with only this subscription may do. */
function canUse(fetched: FetchedSubscription, now = NOW): boolean {
  const record = { ...fetched, reference: 'office-1', since: now, fetch: 1 }
  const account = {
    reference: 'office-1',
    createdAt: now,
    trialEndsAt: undefined,
    trialNoticed: false,
    subscriptions: [record],
  }
  return statusOf(account, planOf({}), now).canUse()
}

test('Stripe’s own example is read', () => {
  expect(fetchedOf(subscription, 'sub_x')).toEqual({
    id: subscription.id,
    customerId: subscription.customer,
    namedReference: undefined,
    status: 'active',
    paused: false,
    items: [
      {
        id: 'si_QXhVnC2h0Jczwc',
        priceId: 'price_1PgafmB7WZ01zgkW6dKueIc5',
        productId: 'prod_QXg1hqf4jFNsqG',
        lookupKey: undefined,
        quantity: 1,
      },
    ],
    createdAt: 1_234_567_890_000,
    periodEndsAt: 976_287_773_000,
    trialEndsAt: 1_234_567_890_000,
    endsAt: 1_234_567_890_000,
  })
})

test.each(Object.entries(objects))('no example of Stripe’s throws: %s', (name, example) => {
  const fetched = fetchedOf(example, 'sub_x')
  expect(canUse(fetched)).toBe(name === 'subscription')
  if (name !== 'subscription') expect(fetched.status).toBe('unreadable')
  // As what an event is about it names no subscription but one of Stripe's form.
  const named = subscriptionIdOf(example)
  expect(named === undefined || /^\w+$/.test(named)).toBe(true)
})

const [item] = subscription.items.data
const withItems = (...ends: readonly (number | undefined)[]): object => {
  const data = ends.map((end) => Object.assign({}, item, { current_period_end: end }))
  return { ...subscription.items, data }
}
const none = { cancel_at: null, ended_at: null, cancel_at_period_end: false }

test.each([
  ['a date', { ...none, cancel_at: 300 }, 300],
  ['the end of the period', { ...none, cancel_at_period_end: true, items: withItems(200) }, 200],
  [
    'the nearest end, of several items',
    { ...none, cancel_at_period_end: true, items: withItems(400, 200) },
    200,
  ],
  [
    'the end of the period of an older version',
    { ...none, cancel_at_period_end: true, items: withItems(undefined), current_period_end: 500 },
    500,
  ],
  ['what happened, over what was planned', { ...none, ended_at: 100, cancel_at: 300 }, 100],
  ['nothing', none, undefined],
])('the end is read from %s', (_, change, seconds) => {
  const { endsAt } = fetchedOf({ ...subscription, ...change }, 'sub_x')
  expect(endsAt).toBe(seconds === undefined ? undefined : seconds * 1_000)
})

test.each([
  ['void', true],
  ['mark_uncollectible', false],
  ['keep_as_draft', false],
  ['something_new', false],
])('pause_collection %s pauses it: %s', (behavior, paused) => {
  const native = { ...subscription, pause_collection: { behavior, resumes_at: null } }
  expect(fetchedOf(native, 'sub_x').paused).toBe(paused)
})

test('what was expanded is read like its id, and the reference from the metadata', () => {
  const price = { ...item?.price, product: { id: 'prod_1' }, lookup_key: 'basic' }
  const native = {
    ...subscription,
    customer: { id: 'cus_1', object: 'customer' },
    items: { data: [{ ...item, price, quantity: undefined }] },
    metadata: { yuzuru_reference: 'office-1' },
  }
  expect(fetchedOf(native, 'sub_x')).toMatchObject({
    customerId: 'cus_1',
    namedReference: 'office-1',
    items: [{ productId: 'prod_1', lookupKey: 'basic', quantity: undefined }],
  })
})

test('whatever Stripe may show is read, and opens nothing unless it is active or trialing', () => {
  const anything = fc.anything({ maxDepth: 3 })
  const changed = fc
    .dictionary(fc.constantFrom(...Object.keys(subscription)), anything)
    .map((change) => Object.assign({}, subscription, change))
  fc.assert(
    fc.property(fc.oneof(anything, changed), (native) => {
      const fetched = fetchedOf(native, 'sub_x')
      for (const value of [fetched.id, fetched.customerId, fetched.status]) {
        expect(typeof value).toBe('string')
      }
      const { periodEndsAt = 0, trialEndsAt = 0, endsAt = 0 } = fetched
      for (const time of [fetched.createdAt, periodEndsAt, trialEndsAt, endsAt]) {
        expect(new Date(time).getTime() === time).toBe(true)
      }
      if (canUse(fetched)) expect(['active', 'trialing']).toContain(fetched.status)
    }),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 1_000) },
  )
})
