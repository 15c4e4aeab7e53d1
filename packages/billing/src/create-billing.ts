import {
  expected,
  expectFunction,
  expectInteger,
  expectLine,
  expectObject,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import type { Billing } from './billing.ts'
import {
  type BillingOptions,
  CLIENT_BILLING_OPTIONS,
  type ClientBillingOptions,
  type CommonBillingOptions,
  OWN_BILLING_OPTIONS,
} from './billing-options.ts'
import { openOwnClient } from './stripe/own-client.ts'
import { planOf } from './status/plan-options.ts'
import { untilCancelled } from './stores/until-cancelled.ts'
import { StripeBilling, type StripeBillingInit } from './stripe-billing.ts'

/**
 * Makes a client of Stripe for subscriptions: over a Stripe client of its own whose calls obey the ambient
 * scope, or over yours. It connects when the first call is made; close it when you are done.
 *
 * Do not call its verbs within a database transaction: they wait for Stripe, and use the store's own
 * connection.
 *
 * @throws {TypeError} when an option is unknown or out of its range; nothing else, as nothing is sent
 * @example
 * await using billing = createBilling({ secretKey, webhookSecret, store: kyselyBillingStore(db) })
 * const { customerId } = await billing.ensureCustomer({ reference: office.id, email: office.email })
 */
export function createBilling<Tx>(options: BillingOptions<Tx>): Billing<Tx> {
  expectObject('options', options)
  const known = options.client === undefined ? OWN_BILLING_OPTIONS : CLIENT_BILLING_OPTIONS
  expectRequiredOptions(options, known, 'createBilling')
  const common = commonOf(options)
  if (options.client === undefined)
    return new StripeBilling({ ...common, ...openOwnClient(options) })
  return new StripeBilling({ ...common, client: expectClient(options) })
}

function commonOf<Tx>(
  options: CommonBillingOptions<Tx>,
): Omit<StripeBillingInit<Tx>, 'client' | 'http'> {
  const { app, store, webhookSecret = [], webhookToleranceMs = 300_000, now = Date.now } = options
  expectObject('store', store)
  if (typeof store.beginCustomer !== 'function') {
    throw new TypeError('Expected store to be a BillingStore, got an object without its methods')
  }
  const secrets = typeof webhookSecret === 'string' ? [webhookSecret] : webhookSecret
  if (!Array.isArray(secrets) || secrets.some((secret) => !/^whsec_\S+$/.test(String(secret)))) {
    throw new TypeError('Expected webhookSecret to be one that begins with "whsec_", got another')
  }
  if (app !== undefined) expectLine('app', app, 200)
  expectInteger('webhookToleranceMs', webhookToleranceMs, 1_000, 86_400_000)
  expectFunction('now', now)
  const plan = planOf(options)
  return { app, store: untilCancelled(store), secrets, toleranceMs: webhookToleranceMs, now, plan }
}

function expectClient<Tx>({ client, secretKey }: ClientBillingOptions<Tx>): Stripe {
  if (secretKey !== undefined) throw new TypeError('Expected client or secretKey, got both')
  expectObject('client', client)
  if (typeof client.customers?.create === 'function') return client
  throw expected('client to be an instance of Stripe', client)
}
