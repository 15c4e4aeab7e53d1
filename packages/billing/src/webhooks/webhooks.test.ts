import { createDatabase } from '@yuzuru/db'
import type { Transaction } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { Billing } from '../billing.ts'
import { createBilling } from '../create-billing.ts'
import { openDatabase, type TestSchema } from '../../test/database.ts'
import { failureOf } from '../../test/failure-of.ts'
import { openStage } from '../../test/stage.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'
import { signWebhook } from '../testing/sign-webhook.ts'

const SECRET = 'whsec_test'
const secretKey = 'sk_test_1'

function eventOf(id: string): string {
  const data = { object: { id: 'sub_1', object: 'subscription' } }
  return JSON.stringify({ id, object: 'event', type: 'x.y', created: 1_800_000_000, data })
}

type Tx = Transaction<TestSchema>

const activate = async (_: unknown, tx: Tx): Promise<void> => {
  await tx.insertInto('offices').values({ id: 'office-1', status: 'active' }).execute()
}

async function openBilling(): Promise<
  AsyncDisposable & { billing: Billing<Tx>; offices: () => Promise<object[]>; url: string }
> {
  const database = await openDatabase()
  const store = kyselyBillingStore(database.db)
  const billing = createBilling({ secretKey, webhookSecret: SECRET, store })
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

describe('a handler on PostgreSQL', () => {
  test('writes in the transaction that records the event', async () => {
    await using open = await openBilling()
    const { body, signature } = signWebhook(eventOf('evt_1'), SECRET)
    const receive = (): Promise<{ duplicate: boolean }> =>
      open.billing.webhooks.receive(body, signature, activate)
    expect(await receive()).toMatchObject({ duplicate: false })
    expect(await receive()).toMatchObject({ duplicate: true })
    expect(await open.offices()).toEqual([{ id: 'office-1', status: 'active' }])
  })

  test('that fails leaves neither its writes nor the event, so Stripe’s next delivery counts', async () => {
    await using open = await openBilling()
    const { body, signature } = signWebhook(eventOf('evt_1'), SECRET)
    const failed = open.billing.webhooks.receive(body, signature, async (event, tx) => {
      await activate(event, tx)
      throw new RangeError('not yet')
    })
    expect(await failureOf(failed)).toBeInstanceOf(RangeError)
    expect(await open.offices()).toEqual([])
    const again = await open.billing.webhooks.receive(body, signature, activate)
    expect(again.duplicate).toBe(false)
    expect(await open.offices()).toHaveLength(1)
  })

  test('runs once when ten deliveries of one event come at once', async () => {
    await using open = await openBilling()
    const { body, signature } = signWebhook(eventOf('evt_1'), SECRET)
    const calls = Array.from({ length: 10 }, () =>
      open.billing.webhooks.receive(body, signature, activate),
    )
    const results = await Promise.all(calls)
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
    expect(await open.offices()).toHaveLength(1)
  })

  test('that fails hands over to a delivery of the same event that waits for it', async () => {
    await using open = await openBilling()
    const { body, signature } = signWebhook(eventOf('evt_1'), SECRET)
    const entered = Promise.withResolvers<void>()
    const proceed = Promise.withResolvers<void>()
    const first = failureOf(
      open.billing.webhooks.receive(body, signature, async () => {
        entered.resolve()
        await proceed.promise
        throw new RangeError('not yet')
      }),
    )
    await entered.promise
    const second = open.billing.webhooks.receive(body, signature, activate)
    proceed.resolve()
    expect(await first).toBeInstanceOf(RangeError)
    expect((await second).duplicate).toBe(false)
    expect(await open.offices()).toHaveLength(1)
  })

  test('works on a database of @yuzuru/db with Kysely’s own transaction', async () => {
    await using open = await openBilling()
    await using db = createDatabase<TestSchema>({ url: open.url })
    await using billing = createBilling({
      secretKey,
      webhookSecret: SECRET,
      store: kyselyBillingStore(db),
    })
    const { body, signature } = signWebhook(eventOf('evt_1'), SECRET)
    const failed = billing.webhooks.receive(body, signature, async (event, tx) => {
      await activate(event, tx)
      throw new RangeError('not yet')
    })
    expect(await failureOf(failed)).toBeInstanceOf(RangeError)
    expect(await open.offices()).toEqual([])
    await billing.webhooks.receive(body, signature, activate)
    expect(await open.offices()).toHaveLength(1)
  })
})

describe('a delivery', () => {
  const store = memoryBillingStore()

  test('of the sandbox’s Stripe is accepted', async () => {
    await using stage = await openStage()
    await stage.billing.client.customers.create({ email: 'a@example.jp' })
    const [event] = stage.server.events()
    const { body, signature } = signWebhook(JSON.stringify(event), stage.server.webhookSecret)
    expect(stage.billing.webhooks.verify(body, signature).type).toBe('customer.created')
  })

  test('older than five minutes is refused', async () => {
    await using billing = createBilling({ secretKey, webhookSecret: SECRET, store })
    const { body, signature } = signWebhook(eventOf('evt_1'), SECRET, Date.now() - 302_000)
    expect(() => billing.webhooks.verify(body, signature)).toThrow(
      expect.objectContaining({ code: 'invalid_signature', outcome: 'none', retryable: false }),
    )
  })

  test.each([
    ['no JSON', 'nothing'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['no event', '{"id":"cus_1","object":"customer"}'],
    ['an event with a strange id', eventOf('evt_1; drop table')],
    ['a list', '[]'],
  ])('that is signed but %s is invalid_payload', async (_, payload) => {
    await using billing = createBilling({ secretKey, webhookSecret: SECRET, store })
    const latin = typeof payload === 'string' ? payload : payload.toString('latin1')
    const signed = signWebhook(latin, SECRET)
    const given = typeof payload === 'string' ? signed.body : payload
    const code = typeof payload === 'string' ? 'invalid_payload' : 'invalid_signature'
    expect(() => billing.webhooks.verify(given, signed.signature)).toThrow(
      expect.objectContaining({ code }),
    )
  })

  test('that was parsed already is a TypeError', async () => {
    await using billing = createBilling({ secretKey, webhookSecret: SECRET, store })
    expect(() => billing.webhooks.verify({ id: 'evt_1' } as never, 't=1,v1=2')).toThrow(TypeError)
  })

  test('without a webhookSecret is a TypeError', async () => {
    await using billing = createBilling({ secretKey, store })
    expect(() => billing.webhooks.verify('{}', 't=1,v1=2')).toThrow(/webhookSecret/)
  })
})
