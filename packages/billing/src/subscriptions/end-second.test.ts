import type { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { openSubscribed, reference } from '../../test/subscriber.ts'
import { StripeCalls } from '../stripe/stripe-calls.ts'
import { Customers } from '../customers/customers.ts'
import type { FetchedSubscription } from '../stores/account-record.ts'
import { Changes } from './changes.ts'
import { endSecond } from './end-second.ts'
import { fetchedOf } from '../sync/fetched-subscription.ts'
import { Sync } from '../sync/sync.ts'
import { Listeners } from '../status/listeners.ts'
import { type Keep, planOf } from '../status/plan-options.ts'
import { Fetches } from './fetches.ts'

const seen = (one: Stripe.Subscription): FetchedSubscription => fetchedOf(one, one.id)

test.each([
  ['first', [0]],
  ['latest', [1]],
] as const)('of two paid ones the %s is kept, also by two at the same time', async (keep, [at]) => {
  let now = Date.now()
  await using open = await openSubscribed({ now: () => now })
  const one = await open.subscribe()
  now += 60_000
  const two = await open.subscribe()
  now += 60_000
  // One that waits for its first payment goes, whenever it was made.
  const waiting = await open.subscribe({ payment_behavior: 'default_incomplete' })
  const { billing, store, server } = open.stage
  const calls = new StripeCalls(billing.client, true)
  const customers = new Customers({ calls, store, now: Date.now })
  const plan = planOf({})
  const listeners = new Listeners<undefined>(plan)
  const sync = new Sync({ calls, store, plan, now: Date.now, listeners })
  const fetches = new Fetches({ calls, sync })
  const changes = new Changes({ calls, customers, fetches, now: Date.now })
  const end = (with_: Keep): ReturnType<typeof endSecond> =>
    endSecond(changes, reference, [waiting, one, two].map(seen), with_)
  const [ended] = await Promise.all([end(keep), end(keep)])
  const kept = [one, two][at]
  expect(ended?.kept).toBe(kept?.id)
  expect(ended?.ended).toHaveLength(2)
  const live = server.subscriptions().filter(({ status }) => status === 'active')
  expect(live).toMatchObject([{ id: kept?.id }])
  expect(await store.findSubscription(waiting.id)).toMatchObject({ status: 'canceled' })
  expect(await endSecond(changes, reference, [seen(one)], keep)).toBeUndefined()
})
