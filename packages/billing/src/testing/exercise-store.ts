import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { casesOf, type Fixture, type SuiteCase } from '@yuzuru/concurrency/testing'
import type { BillingStore } from '../stores/billing-store.ts'
import type { CustomerIntent } from '../stores/customer-record.ts'
import { ACCOUNT_CASES } from './exercise-store-accounts.ts'
import { CHOICE_CASES } from './exercise-store-choices.ts'
import { CHECKOUT_CASES } from './exercise-store-checkouts.ts'

/** The store to try. Disposed of when the case has ended. */
export interface BillingStoreFixture extends Fixture {
  readonly store: BillingStore
}

/**
 * What must hold of a `BillingStore` of your own. The cases use ids of their own, so they may share one
 * database.
 *
 * @example
 * const make = () => ({ store: myStore(db), [Symbol.asyncDispose]: async () => {} })
 * for (const { name, run } of exerciseBillingStore(make)) test(name, run)
 */
export function exerciseBillingStore(
  make: () => BillingStoreFixture | Promise<BillingStoreFixture>,
): readonly SuiteCase[] {
  const of = casesOf(make)
  return Object.entries({ ...CASES, ...ACCOUNT_CASES, ...CHOICE_CASES, ...CHECKOUT_CASES }).map(
    ([name, check]) => of(name, ({ store }) => check(store, randomUUID())),
  )
}

type Check = (store: BillingStore, id: string) => Promise<void>

function intent(idempotencyKey: string): CustomerIntent {
  return { idempotencyKey, parameters: '{"email":"花子@example.jp"}', startedAt: 1_800_000_000_123 }
}

const CASES: Readonly<Record<string, Check>> = {
  'the first intent stands, also among many at once': async (store, id) => {
    assert.equal(await store.findCustomer(id), undefined)
    const calls = Array.from({ length: 10 }, (_, at) =>
      store.beginCustomer(id, intent(`key-${at}`)),
    )
    const records = await Promise.all(calls)
    const keys = new Set(records.map((record) => record.intent?.idempotencyKey))
    assert.equal(keys.size, 1)
    const [key = ''] = keys
    const record = { reference: id, customerId: undefined, intent: intent(key) }
    assert.deepEqual(await store.findCustomer(id), record)
  },
  'an intent is replaced only by a call that knows its key': async (store, id) => {
    await store.beginCustomer(id, intent('first'))
    const second = await store.replaceIntent(id, 'first', intent('second'))
    assert.equal(second?.intent?.idempotencyKey, 'second')
    const late = await store.replaceIntent(id, 'first', intent('third'))
    assert.equal(late?.intent?.idempotencyKey, 'second')
    await store.replaceIntent(id, 'first', undefined)
    assert.equal((await store.findCustomer(id))?.intent?.idempotencyKey, 'second')
    assert.equal(await store.replaceIntent(id, 'second', undefined), undefined)
    assert.equal(await store.findCustomer(id), undefined)
  },
  'the first customer stands, and its intent goes': async (store, id) => {
    await store.beginCustomer(id, intent('first'))
    assert.equal(await store.settleCustomer(id, `cus_${id}`), `cus_${id}`)
    assert.equal(await store.settleCustomer(id, 'cus_other'), `cus_${id}`)
    const settled = { reference: id, customerId: `cus_${id}`, intent: undefined }
    assert.deepEqual(await store.findCustomer(id), settled)
    assert.deepEqual(await store.beginCustomer(id, intent('second')), settled)
    assert.deepEqual(await store.replaceIntent(id, 'first', intent('second')), settled)
  },
  'a customer whose intent was taken away is noted all the same': async (store, id) => {
    assert.equal(await store.settleCustomer(id, `cus_${id}`), `cus_${id}`)
    assert.equal((await store.findCustomer(id))?.customerId, `cus_${id}`)
  },
  'a customer is found by its id, put in the place of another, and forgotten': async (
    store,
    id,
  ) => {
    const [first, second] = [`cus_${id}_1`, `cus_${id}_2`]
    assert.equal(await store.findReference(first), undefined)
    await store.beginCustomer(id, intent('first'))
    assert.equal((await store.replaceCustomer(id, 'cus_other', first))?.customerId, undefined)
    const settled = { reference: id, customerId: first, intent: undefined }
    assert.deepEqual(await store.replaceCustomer(id, undefined, first), settled)
    assert.equal(await store.findReference(first), id)
    assert.deepEqual(await store.replaceCustomer(id, undefined, second), settled)
    assert.equal((await store.replaceCustomer(id, first, second))?.customerId, second)
    assert.equal(await store.findReference(first), undefined)
    assert.equal((await store.replaceCustomer(id, first, undefined))?.customerId, second)
    assert.equal(await store.replaceCustomer(id, second, undefined), undefined)
    assert.equal(await store.findReference(second), undefined)
  },
  'a customer belongs to one reference, also when two take it at once': async (store, id) => {
    const customer = `cus_${id}`
    const others = Array.from({ length: 5 }, (_, at) => `${id}-${at}`)
    await store.beginCustomer(`${id}-0`, intent('first'))
    await Promise.all(others.map((one) => store.replaceCustomer(one, undefined, customer)))
    const owner = await store.findReference(customer)
    for (const one of others) {
      const found = await store.findCustomer(one)
      assert.equal(found?.customerId, one === owner ? customer : undefined)
    }
  },
  'old events are forgotten, and may then come again': async (store, id) => {
    const event = { id: `evt_${id}`, type: 'x.y', createdAt: 0 }
    const mark = async (): Promise<boolean> => {
      const { number } = await store.drawFetch(event.id)
      const nothing = { trialEndsAt: undefined, reference: undefined, subscriptions: [] }
      return !(await store.writeFetch({ ...nothing, number, now: 0, event })).duplicate
    }
    assert.equal(await mark(), true)
    await store.pruneEvents(new Date(Date.now() - 60_000))
    assert.equal(await mark(), false)
    assert.ok((await store.pruneEvents(new Date(Date.now() + 60_000))) >= 1)
    assert.equal((await store.drawFetch(event.id)).duplicate, false)
    assert.equal(await mark(), true)
  },
}
