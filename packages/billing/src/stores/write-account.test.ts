import { type KyselyPlugin, ParseJSONResultsPlugin, sql } from 'kysely'
import { expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import type { FetchWrite } from './account-record.ts'
import { kyselyBillingStore } from './kysely-store.ts'

const NOW = 1_800_000_000_123

function writeOf(number: number, change: Partial<FetchWrite> = {}): FetchWrite {
  return {
    number,
    now: NOW,
    trialEndsAt: undefined,
    reference: 'office-1',
    event: { id: `evt_${number}`, type: 'x.y', createdAt: NOW },
    subscriptions: [
      {
        id: 'sub_1',
        customerId: 'cus_1',
        namedReference: undefined,
        status: 'active',
        paused: false,
        items: [{ id: 'si_1', priceId: 'p', productId: undefined, lookupKey: '"月"', quantity: 2 }],
        createdAt: NOW,
        periodEndsAt: undefined,
        trialEndsAt: undefined,
        endsAt: undefined,
      },
    ],
    ...change,
  }
}

/** Counts the statements that Kysely sends. */
function counter(): KyselyPlugin & { readonly sent: number } {
  let sent = 0
  return {
    get sent() {
      return sent
    },
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      sent += 1
      return result
    },
  }
}

test('a webhook is two statements of the database: its number, and its write with its mark', async () => {
  await using database = await openDatabase()
  const count = counter()
  let transactions = 0
  const store = kyselyBillingStore(database.db.withPlugin(count), {
    transaction: async (fn) => {
      transactions += 1
      return await database.db.transaction().execute(fn)
    },
  })
  const first = await store.drawFetch('evt_0')
  await store.writeFetch(writeOf(first.number))
  expect(transactions).toBe(1)
  const before = count.sent
  const { number } = await store.drawFetch('evt_1')
  const { duplicate, change } = await store.writeFetch(writeOf(number))
  expect(duplicate).toBe(false)
  expect(change?.after.subscriptions[0]?.fetch).toBe(number)
  expect([count.sent - before, transactions]).toEqual([2, 1])
})

test('an event that is about nobody is marked by one statement', async () => {
  await using database = await openDatabase()
  const store = kyselyBillingStore(database.db, {
    transaction: async () => {
      throw new RangeError('not here')
    },
  })
  const write = writeOf(1, { reference: undefined, subscriptions: [] })
  for (const duplicate of [false, true]) {
    expect(await store.writeFetch(write)).toEqual({ duplicate, change: undefined })
  }
})

test('a write that waits for another one of the same account sees what that has written', async () => {
  await using database = await openDatabase()
  const store = kyselyBillingStore(database.db)
  await store.writeFetch(writeOf(1))
  const [one] = writeOf(1).subscriptions
  const other = { ...one!, id: 'sub_2' }
  const held = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  const first = store.writeFetch(writeOf(2, { subscriptions: [other] }), async () => {
    entered.resolve()
    await held.promise
  })
  await entered.promise
  const second = store.writeFetch(writeOf(3))
  // It waits for the lock: its snapshot is older than what the first one is about to commit.
  await expect
    .poll(async () => {
      const { rows } = await sql`select from pg_locks where not granted`.execute(database.db)
      return rows.length
    })
    .toBeGreaterThan(0)
  held.resolve()
  await first
  const { change } = await second
  expect(change?.before.subscriptions.map(({ id }) => id)).toEqual(['sub_1', 'sub_2'])
  expect(change?.after.subscriptions.map(({ fetch }) => fetch)).toEqual([3, 2])
})

test('a plugin that reads JSON in results changes nothing', async () => {
  await using database = await openDatabase()
  const plain = kyselyBillingStore(database.db)
  const parsing = kyselyBillingStore(database.db.withPlugin(new ParseJSONResultsPlugin()))
  const { change } = await parsing.writeFetch(writeOf(1))
  expect(change?.after).toEqual(
    await plain.openAccount('office-1', { now: 0, trialEndsAt: undefined }),
  )
  expect((await parsing.writeFetch(writeOf(2))).change?.before).toEqual(change?.after)
  expect(await parsing.findSubscription('sub_1')).toEqual(await plain.findSubscription('sub_1'))
})
