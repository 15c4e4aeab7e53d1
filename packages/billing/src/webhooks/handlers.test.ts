import { createDatabase } from '@yuzuru/db'
import type { Kysely, Transaction } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openDatabase, type TestSchema } from '../../test/database.ts'
import type { Billing } from '../billing.ts'
import { createBilling } from '../create-billing.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { signWebhook } from '../testing/sign-webhook.ts'

const SECRET = 'whsec_test'
const event = {
  id: 'evt_1',
  object: 'event',
  type: 'x.y',
  created: 1_800_000_000,
  data: { object: { id: 'cus_1', object: 'customer' } },
}

type Tx = Transaction<TestSchema>

const activate = async (tx: Tx): Promise<void> => {
  await tx.insertInto('offices').values({ id: 'office-1', status: 'active' }).execute()
}

function billingOn(db: Kysely<TestSchema>): Billing<Tx> {
  return createBilling({
    secretKey: 'sk_test_1',
    webhookSecret: SECRET,
    store: kyselyBillingStore(db),
    report: () => undefined,
  })
}

async function openBilling(): Promise<
  AsyncDisposable & { billing: Billing<Tx>; offices: () => Promise<object[]>; url: string }
> {
  const database = await openDatabase()
  const billing = billingOn(database.db)
  return {
    billing,
    url: database.url,
    offices: () => database.db.selectFrom('offices').selectAll().execute(),
    async [Symbol.asyncDispose]() {
      await billing.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** @returns what is answered */
async function deliver(billing: Billing<Tx>): Promise<string> {
  const { body, signature } = signWebhook(JSON.stringify(event), SECRET)
  const headers = { 'stripe-signature': signature }
  const request = new Request('https://app.example.jp/', { method: 'POST', body, headers })
  const response = await billing.webhook(request)
  return `${response.status} ${await response.text()}`
}

describe('a handler on PostgreSQL', () => {
  test('writes in the transaction that records the event', async () => {
    await using open = await openBilling()
    open.billing.on('event', (_, tx) => activate(tx))
    expect(await deliver(open.billing)).toBe('200 received')
    expect(await deliver(open.billing)).toBe('200 received before')
    expect(await open.offices()).toEqual([{ id: 'office-1', status: 'active' }])
  })

  test('that fails leaves neither its writes nor the event, so Stripe’s next delivery counts', async () => {
    await using open = await openBilling()
    open.billing.on('event', (_, tx) => activate(tx))
    const off = open.billing.on('event', () => {
      throw new RangeError('not yet')
    })
    expect(await deliver(open.billing)).toMatch(/^500/)
    expect(await open.offices()).toEqual([])
    off()
    expect(await deliver(open.billing)).toBe('200 received')
    expect(await open.offices()).toHaveLength(1)
  })

  test('runs once when ten deliveries of one event come at once', async () => {
    await using open = await openBilling()
    open.billing.on('event', (_, tx) => activate(tx))
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(open.billing)))
    expect(answers.filter((answer) => answer === '200 received')).toHaveLength(1)
    expect(await open.offices()).toHaveLength(1)
  })

  test('that fails hands over to a delivery of the same event that waits for it', async () => {
    await using open = await openBilling()
    const entered = Promise.withResolvers<void>()
    const proceed = Promise.withResolvers<void>()
    let calls = 0
    open.billing.on('event', async (_, tx) => {
      calls += 1
      if (calls > 1) return await activate(tx)
      entered.resolve()
      await proceed.promise
      throw new RangeError('not yet')
    })
    const first = deliver(open.billing)
    await entered.promise
    const second = deliver(open.billing)
    proceed.resolve()
    expect(await first).toMatch(/^500/)
    expect(await second).toBe('200 received')
    expect(await open.offices()).toHaveLength(1)
  })

  test('works on a database of @yuzuru/db with Kysely’s own transaction', async () => {
    await using open = await openBilling()
    await using db = createDatabase<TestSchema>({ url: open.url })
    await using billing = billingOn(db)
    billing.on('event', (_, tx) => activate(tx))
    const off = billing.on('event', () => {
      throw new RangeError('not yet')
    })
    expect(await deliver(billing)).toMatch(/^500/)
    expect(await open.offices()).toEqual([])
    off()
    expect(await deliver(billing)).toBe('200 received')
    expect(await open.offices()).toHaveLength(1)
  })
})
