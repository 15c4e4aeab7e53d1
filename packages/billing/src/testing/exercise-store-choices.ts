import assert from 'node:assert/strict'
import type { FetchedSubscription } from '../stores/account-record.ts'
import type { BillingStore } from '../stores/billing-store.ts'

type Check = (store: BillingStore, id: string) => Promise<void>

const NOW = 1_800_000_000_123

/** Writes down subscriptions of a reference, for them to be chosen from. */
async function write(store: BillingStore, reference: string, ids: string[]): Promise<void> {
  const { number } = await store.drawFetch(undefined)
  const subscriptions = ids.map((id): FetchedSubscription => ({
    id,
    customerId: `cus_${reference}`,
    namedReference: undefined,
    status: 'active',
    paused: false,
    items: [],
    createdAt: NOW,
    periodEndsAt: undefined,
    trialEndsAt: undefined,
    endsAt: undefined,
  }))
  const nothing = { trialEndsAt: undefined, event: undefined }
  await store.writeFetch({ ...nothing, number, now: NOW, reference, subscriptions })
}

export const CHOICE_CASES: Readonly<Record<string, Check>> = {
  'of several subscriptions one stays, whatever another caller prefers': async (store, id) => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => `sub_${id}_${letter}`) as [
      string,
      string,
      string,
      string,
    ]
    await write(store, id, [a, b, c, d])
    assert.equal(await store.chooseSubscription(id, [b, a]), b)
    assert.equal(await store.chooseSubscription(id, [a, b]), b)
    // What was passed over does not come before one that was not.
    assert.equal(await store.chooseSubscription(id, [a, c]), c)
    assert.equal(await store.chooseSubscription(id, [a, b, c, d]), b)
    // Where each was passed over, the least id stays, whatever is preferred; and none comes before one that was not.
    assert.equal(await store.chooseSubscription(id, [d, c, a]), a)
    assert.equal(await store.chooseSubscription(id, [c, d]), c)
    assert.equal(await store.chooseSubscription(id, [a, b]), b)
  },
  'a choice outlives what is written of the subscriptions': async (store, id) => {
    const [a, b] = [`sub_${id}_a`, `sub_${id}_b`]
    await write(store, id, [a, b])
    assert.equal(await store.chooseSubscription(id, [b, a]), b)
    await write(store, id, [a, b])
    assert.equal(await store.chooseSubscription(id, [a, b]), b)
  },
  'many that choose at once choose the same': async (store, id) => {
    const ids = ['a', 'b', 'c'].map((letter) => `sub_${id}_${letter}`)
    await write(store, id, ids)
    const orders = Array.from({ length: 12 }, (_, at) => [
      ...ids.slice(at % 3),
      ...ids.slice(0, at % 3),
    ])
    const chosen = await Promise.all(orders.map((order) => store.chooseSubscription(id, order)))
    assert.equal(new Set(chosen).size, 1)
  },
}
