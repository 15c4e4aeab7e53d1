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
const reference = 'office-1'
const checkout = { price: 'price_1', successUrl: 'https://example.jp/' }
const portal = { returnUrl: 'https://example.jp/' }
const usage = { meter: 'pages', value: 1, id: 'a' }

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
  'billing.checkout': (options) => billing.checkout(reference, checkout, options),
  'billing.checkout, its input': (options) => billing.checkout(reference, options),
  'billing.checkout, its customer': (details) =>
    billing.checkout(reference, { ...checkout, customer: details }),
  'billing.portal': (options) => billing.portal(reference, portal, options),
  'billing.portal, its input': (options) => billing.portal(reference, options),
  'billing.changePlan': (options) => billing.changePlan(reference, { price: 'price_1' }, options),
  'billing.changePlan, its change': (options) => billing.changePlan(reference, options),
  'billing.previewPlan': (options) => billing.previewPlan(reference, { price: 'price_1' }, options),
  'billing.previewPlan, its change': (options) => billing.previewPlan(reference, options),
  'billing.setQuantity': (options) => billing.setQuantity(reference, 1, options),
  'billing.cancel': (options) => billing.cancel(reference, options),
  'billing.resume': (options) => billing.resume(reference, options),
  'billing.retryPayment': (options) => billing.retryPayment(reference, options),
  'billing.invoices': (options) => billing.invoices(reference, options),
  'billing.usage': (options) => billing.usage(reference, usage, options),
  'billing.usage, its input': (options) => billing.usage(reference, options),
  'billing.status': (options) => billing.status('office-1', options),
  'billing.sync': (options) => billing.sync('office-1', options),
  'billing.sync, its session': (options) => billing.sync(options),
  'billing.reconcile': (options) => billing.reconcile(options),
  'billing.referenceOf': (options) => billing.referenceOf('cus_1', options),
  'billing.adoptCustomer': (options) => billing.adoptCustomer('office-1', 'cus_1', options),
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
  others: `BillingError nativeErrorOf billingMigrations exerciseBilling exerciseBillingStore
    memoryBillingStore signWebhook billing.client billing.webhook billing.on
    fake.webhook fake.client fake.completeCheckout fake.event fake.sign fake.customers fake.sessions
    fake.subscriptions fake.counted fake.webhookSecret`,
  faces: {
    '': [index, kysely, testing],
    billing: () => billing,
    fake: () => ({ ...fake }),
  },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) test(name, run)

  test('checkout, which names the nearest', async () => {
    const input = { ...checkout, succesUrl: 'https://example.jp/' }
    await expect(billing.checkout(reference, input)).rejects.toThrow(
      'Expected a known option of billing.checkout, got "succesUrl"; did you mean "successUrl"?',
    )
  })
})

/** `null` has nothing to be spread. */
function onlyObject(options: object | null): object {
  if (options === null) throw new TypeError('null')
  return options
}
