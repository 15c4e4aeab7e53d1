import { exerciseOptions, type OptionsTaker } from '@yuzuru/concurrency/testing'
import { startScriptedServer, type ScriptedServer } from '@yuzuru/http/testing'
import {
  Kysely,
  PostgresAdapter,
  DummyDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BillingStore } from './stores/billing-store.ts'
import * as index from './index.ts'
import * as kysely from './kysely.ts'
import * as testing from './testing.ts'

let server: ScriptedServer
let billing: index.Billing
const asked: PropertyKey[] = []
/** Notes whatever a store would be asked for. */
const store = new Proxy(testing.memoryBillingStore(), {
  get(target, name) {
    const method: unknown = Reflect.get(target, name)
    if (typeof method !== 'function') return method
    return (...args: unknown[]): unknown => {
      asked.push(name)
      return method.apply(target, args)
    }
  },
}) as BillingStore
const secretKey = 'sk_test_x'
const fake = testing.createFakeBilling()
beforeAll(async () => {
  server = await startScriptedServer()
  billing = index.createBilling({ secretKey, store, apiBase: server.url })
})
afterAll(async () => {
  // Nothing was sent, not even a connection was opened, and the store was not asked.
  expect(server.connected).toBe(0)
  expect(asked).toEqual([])
  await billing.close()
  await server.close()
})

const customer = { reference: 'office-1', email: 'hanako@example.jp' }
const checkout = {
  reference: 'office-1',
  attemptKey: 'first',
  priceId: 'price_1',
  successUrl: 'https://example.jp/',
}
const portal = { reference: 'office-1', returnUrl: 'https://example.jp/' }

/** Each public function or method that takes options, and each option that has some of its own. */
const takers: Readonly<Record<string, OptionsTaker>> = {
  createBilling: (options) => index.createBilling(options),
  'createBilling, over a client': (options) => {
    const client = billing.client
    return index.createBilling({ client, store, ...onlyObject(options) })
  },
  'createBilling, its trial': (options) =>
    index.createBilling({ secretKey, store, trial: options }),
  'createBilling, a price': (options) =>
    index.createBilling({ secretKey, store, prices: { price_1: options } }),
  createFakeBilling: (options) => testing.createFakeBilling(options),
  kyselyBillingStore: (options) => kysely.kyselyBillingStore(db, options),
  'billing.ensureCustomer': (options) => billing.ensureCustomer(customer, options),
  'billing.ensureCustomer, its input': (options) => billing.ensureCustomer(options),
  'billing.createCheckout': (options) => billing.createCheckout(checkout, options),
  'billing.createCheckout, its input': (options) => billing.createCheckout(options),
  'billing.createCheckout, its customer': (details) =>
    billing.createCheckout({ ...checkout, customer: details }),
  'billing.createPortal': (options) => billing.createPortal(portal, options),
  'billing.createPortal, its input': (options) => billing.createPortal(options),
  'billing.status': (options) => billing.status('office-1', options),
  'billing.sync': (options) => billing.sync('office-1', options),
  'billing.sync, its session': (options) => billing.sync(options),
  'billing.reconcile': (options) => billing.reconcile(options),
  'billing.referenceOf': (options) => billing.referenceOf('cus_1', options),
  'billing.adoptCustomer': (options) => billing.adoptCustomer('office-1', 'cus_1', options),
  'billing.getSubscription': (options) => billing.getSubscription('office-1', options),
  'billing.cancelSubscription': (options) => billing.cancelSubscription('office-1', options),
  'billing.close': (options) => billing.close(options),
  'fake.failNext': (fault) => fake.failNext(fault),
}

const db = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (of) => new PostgresIntrospector(of),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

const cases = exerciseOptions({
  takers,
  others: `BillingError nativeErrorOf subscriptionOf billingMigrations exerciseBilling exerciseBillingStore
    memoryBillingStore signWebhook billing.client billing.webhooks billing.webhook billing.on webhooks.verify webhooks.receive
    fake.webhook fake.client fake.webhooks fake.completeCheckout fake.event fake.sign fake.customers fake.sessions
    fake.subscriptions fake.webhookSecret`,
  faces: {
    '': [index, kysely, testing],
    billing: () => billing,
    webhooks: () => billing.webhooks,
    fake: () => ({ ...fake }),
  },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) test(name, run)

  test('createCheckout, which names the nearest', async () => {
    const input = { ...checkout, succesUrl: 'https://example.jp/' }
    await expect(billing.createCheckout(input)).rejects.toThrow(
      'Expected a known option of billing.createCheckout, got "succesUrl"; did you mean "successUrl"?',
    )
  })
})

/** `null` has nothing to be spread. */
function onlyObject(options: object | null): object {
  if (options === null) throw new TypeError('null')
  return options
}
