import assert from 'node:assert/strict'
import type { BillingStore } from '../stores/billing-store.ts'
import type { CheckoutClaim } from '../stores/checkout-record.ts'

type Check = (store: BillingStore, id: string) => Promise<void>

const claim = (idempotencyKey: string): CheckoutClaim => ({
  idempotencyKey,
  asked: `digest of ${idempotencyKey}`,
  parameters: '{"price":"price_1"}',
  startedAt: 1_800_000_000_123,
})

const session = { id: 'cs_1', url: 'https://checkout.stripe.com/1', expiresAt: 1_800_086_400_000 }

export const CHECKOUT_CASES: Readonly<Record<string, Check>> = {
  'the first claim of a checkout stands, also among many at once': async (store, id) => {
    assert.equal(await store.findCheckout(id), undefined)
    const records = await Promise.all(
      Array.from({ length: 10 }, (_, at) => store.beginCheckout(id, claim(`key-${at}`))),
    )
    const keys = new Set(records.map((record) => record.claim.idempotencyKey))
    assert.equal(keys.size, 1)
    const [key = ''] = keys
    const record = { reference: id, claim: claim(key), session: undefined }
    assert.deepEqual(await store.findCheckout(id), record)
  },
  'a checkout takes the session of its own claim, once, and forgets what was sent': async (
    store,
    id,
  ) => {
    assert.equal(await store.settleCheckout(id, 'first', session), undefined)
    await store.beginCheckout(id, claim('first'))
    const other = await store.settleCheckout(id, 'other', session)
    assert.equal(other?.session, undefined)
    const settled = { reference: id, claim: { ...claim('first'), parameters: '' }, session }
    assert.deepEqual(await store.settleCheckout(id, 'first', session), settled)
    const late = { ...session, id: 'cs_2' }
    assert.deepEqual(await store.settleCheckout(id, 'first', late), settled)
    assert.deepEqual(await store.beginCheckout(id, claim('second')), settled)
  },
  'a checkout is replaced only by a call that knows its key': async (store, id) => {
    await store.beginCheckout(id, claim('first'))
    await store.settleCheckout(id, 'first', session)
    const calls = Array.from({ length: 5 }, (_, at) =>
      store.replaceCheckout(id, 'first', claim(`next-${at}`)),
    )
    const records = await Promise.all(calls)
    const [standing] = records
    for (const record of records) assert.deepEqual(record, standing)
    assert.equal(standing?.session, undefined)
    const key = standing?.claim.idempotencyKey ?? ''
    assert.match(key, /^next-/)
    assert.deepEqual(await store.replaceCheckout(id, 'first', undefined), standing)
    assert.equal(await store.replaceCheckout(id, key, undefined), undefined)
    assert.equal(await store.findCheckout(id), undefined)
  },
}
