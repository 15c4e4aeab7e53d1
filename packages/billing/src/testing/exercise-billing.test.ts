import { createDatabase, transaction } from '@yuzuru/db'
import { CamelCasePlugin } from 'kysely'
import { describe, test } from 'vitest'
import type { BillingStore } from '../stores/billing-store.ts'
import type { BillingFixture } from './billing-fixture.ts'
import { exerciseBilling } from './exercise-billing.ts'
import { createFakeBilling } from './fake-billing.ts'
import { openDatabase } from '../../test/database.ts'
import { makePrice } from '../../test/price.ts'
import { openStage } from '../../test/stage.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

function fake(): BillingFixture {
  const billing = createFakeBilling({ trial: { days: 180 } })
  return {
    billing,
    webhookSecret: billing.webhookSecret,
    priceId: 'price_basic',
    otherPriceId: 'price_team',
    customers: () => billing.customers.map(({ metadata }) => metadata['yuzuru_reference']),
    openSessions: () =>
      billing.sessions.filter(({ status }) => status === 'open').map(({ id }) => id),
    completeCheckout: (id) => billing.completeCheckout(id),
    loseReply: (when) => billing.failNext({ when, fault: 'lost-reply' }),
    [Symbol.asyncDispose]: () => billing.close(),
  }
}

/** A billing on the sandbox's Stripe. */
async function real<Tx>(store: BillingStore<Tx>, under?: AsyncDisposable): Promise<BillingFixture> {
  const stage = await openStage({ store, trial: { days: 180 } })
  const { server, proxy, billing } = stage
  const priceOf = async (amount: number): Promise<string> => (await makePrice(billing, amount)).id
  return {
    billing,
    webhookSecret: server.webhookSecret,
    priceId: await priceOf(1_980),
    otherPriceId: await priceOf(4_980),
    customers: () => server.customers().map(({ metadata }) => metadata['yuzuru_reference']),
    openSessions: () =>
      server
        .checkoutSessions()
        .filter(({ status }) => status === 'open')
        .map(({ id }) => id),
    completeCheckout: (id) => server.completeCheckout(id),
    loseReply: (when) => proxy.set({ dropReply: { when, times: 1 } }),
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]()
      await under?.[Symbol.asyncDispose]()
    },
  }
}

describe('the fake', () => {
  for (const { name, run } of exerciseBilling(fake)) test(name, run)
})

describe('Stripe, with a store in memory', () => {
  const cases = exerciseBilling(() => real(memoryBillingStore()))
  for (const { name, run } of cases) test(name, run)
})

describe('Stripe, with a store on plain Kysely', () => {
  const cases = exerciseBilling(async () => {
    const database = await openDatabase()
    return await real(kyselyBillingStore(database.db), database)
  })
  for (const { name, run } of cases) test(name, run)
})

describe('Stripe, with a store on @yuzuru/db', () => {
  const cases = exerciseBilling(async () => {
    const { url, [Symbol.asyncDispose]: drop } = await openDatabase()
    const db = createDatabase<unknown>({ url, plugins: [new CamelCasePlugin()] })
    const store = kyselyBillingStore(db, { transaction: (fn) => transaction(db, fn) })
    return await real(store, {
      async [Symbol.asyncDispose]() {
        await db.close()
        await drop()
      },
    })
  })
  for (const { name, run } of cases) test(name, run)
})
