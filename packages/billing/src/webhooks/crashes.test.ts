import { cancelEverywhere } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import type { Stripe } from 'stripe'
import { failureOf } from '../../test/failure-of.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'
import { createFakeBilling, type FakeBilling } from '../testing/fake-billing.ts'

const reference = 'office-1'

interface World extends AsyncDisposable {
  readonly billing: FakeBilling
  readonly store: ReturnType<typeof memoryBillingStore>
  readonly event: Stripe.Event
  /** The events that were announced, in a write that stands. */
  announced: number
}

/** A checkout that was paid, of which nothing is written down yet. */
async function paid(): Promise<World> {
  const store = memoryBillingStore()
  const billing = createFakeBilling({ store, report: () => undefined })
  const { sessionId } = await billing.checkout(reference, {
    price: 'price_basic',
    customer: { email: 'hanako@example.jp' },
    successUrl: 'https://app.example.jp',
  })
  const event = billing.completeCheckout(sessionId)
  const world: World = {
    billing,
    store,
    event,
    announced: 0,
    [Symbol.asyncDispose]: () => billing.close(),
  }
  let inWrite = 0
  billing.on('event', () => {
    inWrite += 1
  })
  const write = store.writeFetch.bind(store)
  store.writeFetch = async (given, listener) => {
    inWrite = 0
    const written = await write(given, listener)
    world.announced += inWrite
    return written
  }
  return world
}

async function deliver({ billing, event }: World): Promise<void> {
  const { body, signature: header } = billing.sign(event)
  const headers = { 'stripe-signature': header }
  const request = new Request('https://app.example.jp/', { method: 'POST', body, headers })
  const { status } = await billing.webhook(request)
  if (status !== 200) throw new Error(`answered ${status}`)
}

const VERBS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  webhook: deliver,
  sync: ({ billing }) => billing.sync(reference),
  'sync of a session': ({ billing }) =>
    billing.sync({ sessionId: billing.sessions[0]?.id ?? '', reference }),
  reconcile: ({ billing }) => billing.reconcile(),
  adoptCustomer: ({ billing }) => billing.adoptCustomer(reference, billing.customers[0]?.id ?? ''),
}

/** What must be true once it was repeated, and the event delivered at last. */
async function settle(world: World, verb: (world: World) => Promise<unknown>): Promise<void> {
  await verb(world)
  await deliver(world)
  await deliver(world)
  const { status, subscriptions } = await world.billing.status(reference)
  expect([status, subscriptions.length]).toEqual(['active', 1])
  expect(world.announced).toBe(1)
  expect(world.billing.customers).toHaveLength(1)
}

describe.each(Object.entries(VERBS))('%s', (_, verb) => {
  test('may be cancelled at every await, and repeated', async () => {
    const points = await cancelEverywhere(async ({ after }) => {
      const world = await paid()
      after(async () => {
        await settle(world, verb)
        await world.billing.close()
      })
      await verb(world)
    })
    expect(points).toBeGreaterThan(5)
  })

  test('may fail at every step of the store and of the wire, and be repeated', async () => {
    await using sample = await paid()
    for (const name of Object.keys(sample.store) as (keyof typeof sample.store)[]) {
      for (const isAfter of [false, true]) {
        await using world = await paid()
        const { store } = world
        const method = store[name] as (...args: unknown[]) => Promise<unknown>
        Object.assign(store, {
          [name]: async (...args: unknown[]) => {
            Object.assign(store, { [name]: method })
            if (isAfter) await method(...args)
            throw new RangeError('the process died')
          },
        })
        await verb(world).catch(() => undefined)
        Object.assign(store, { [name]: method })
        await settle(world, verb)
      }
    }
    for (const fault of ['lost-reply', 'refused', 'server-error'] as const) {
      await using world = await paid()
      world.billing.failNext({ fault })
      expect(await failureOf(verb(world))).toBeInstanceOf(Error)
      await settle(world, verb)
    }
  })
})
