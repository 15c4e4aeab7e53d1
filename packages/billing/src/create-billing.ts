import { describeValue, io, type IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { createHttp, type Http } from '@yuzuru/http'
import type { Stripe } from 'stripe'
import { parseApiBase } from './stripe/api-base.ts'
import type { Billing } from './billing.ts'
import { BillingError } from './billing-error.ts'
import {
  type BillingOptions,
  CLIENT_BILLING_OPTIONS,
  type ClientBillingOptions,
  type CommonBillingOptions,
  OWN_BILLING_OPTIONS,
  type OwnBillingOptions,
} from './billing-options.ts'
import { type BillingSubscription, readSubscription } from './subscriptions/billing-subscription.ts'
import { type Checkout, createCheckout } from './checkout/checkout.ts'
import type { CheckoutInput } from './checkout/checkout-input.ts'
import { type CustomerInput, expectCustomer, expectReference } from './customers/customer-input.ts'
import { Customers } from './customers/customers.ts'
import { expectInteger, expectObject } from './expect.ts'
import { openStripe } from './stripe/open-stripe.ts'
import { createPortal, type PortalInput } from './customers/portal.ts'
import { StripeCalls } from './stripe/stripe-calls.ts'
import { type CancelAt, endSubscription, findSubscription } from './subscriptions/subscriptions.ts'
import { Webhooks } from './webhooks/webhooks.ts'

/**
 * Makes a billing: over a Stripe client of its own whose calls obey the ambient scope, or over yours.
 * Connects when the first call is made; close it when you are done.
 *
 * @throws {TypeError} on options that are none
 * @example
 * await using billing = createBilling({ secretKey, webhookSecret, store: kyselyBillingStore(db) })
 * const { customerId } = await billing.ensureCustomer({ reference: office.id, email: office.email })
 */
export function createBilling<Tx>(options: BillingOptions<Tx>): Billing<Tx> {
  expectObject('options', options)
  const isOwn = options.client === undefined
  expectOptions(options, isOwn ? OWN_BILLING_OPTIONS : CLIENT_BILLING_OPTIONS, 'createBilling')
  const common = commonOf(options)
  if (options.client === undefined) {
    const { http, stripe } = openOwn(options)
    return new StripeBilling(common, stripe, http)
  }
  return new StripeBilling(common, expectClient(options), undefined)
}

class StripeBilling<Tx> implements Billing<Tx> {
  readonly stripe: Stripe
  readonly webhooks: Webhooks<Tx>
  readonly #calls: StripeCalls
  readonly #customers: Customers
  readonly #http: Http | undefined

  constructor(common: Common<Tx>, stripe: Stripe, http: Http | undefined) {
    const { store, now } = common
    this.stripe = stripe
    this.webhooks = new Webhooks(common)
    this.#calls = new StripeCalls(stripe, http !== undefined)
    this.#customers = new Customers({ calls: this.#calls, store, now })
    this.#http = http
  }

  async ensureCustomer(
    input: CustomerInput,
    options?: IoOptions,
  ): Promise<{ readonly customerId: string }> {
    expectOptions(options, IO_OPTIONS, 'billing.ensureCustomer')
    expectCustomer(input)
    return { customerId: await this.#customers.ensure(input, options) }
  }

  async createCheckout(input: CheckoutInput, options?: IoOptions): Promise<Checkout> {
    return await createCheckout(this.#calls, this.#customers, input, options)
  }

  async createPortal(input: PortalInput, options?: IoOptions): Promise<{ readonly url: string }> {
    return await createPortal(this.#calls, this.#customers, input, options)
  }

  async getSubscription(
    reference: string,
    options?: IoOptions,
  ): Promise<BillingSubscription | undefined> {
    expectOptions(options, IO_OPTIONS, 'billing.getSubscription')
    expectReference(reference)
    const call = { boundary: 'billing', operation: 'getSubscription', effect: 'read' } as const
    return await io({ ...call, translate: (error) => error as Error }, options, async () => {
      const customer = await this.#customers.find(reference)
      const found =
        customer === undefined ? undefined : await findSubscription(this.#calls, customer)
      return found === undefined ? undefined : readSubscription(found)
    })
  }

  async cancelSubscription(
    reference: string,
    options?: IoOptions & { readonly at?: CancelAt | undefined },
  ): Promise<BillingSubscription> {
    expectOptions(options, [...IO_OPTIONS, 'at'], 'billing.cancelSubscription')
    expectReference(reference)
    const at = options?.at ?? 'period-end'
    if (at !== 'period-end' && at !== 'now') {
      throw new TypeError(`Expected at to be 'period-end' or 'now', got ${describeValue(at)}`)
    }
    const operation = 'cancelSubscription'
    const call = { boundary: 'billing', operation, effect: 'idempotent' } as const
    return await io(
      { ...call, translate: (error) => error as Error },
      options,
      async (_, progress) => {
        progress.sent = false
        const customer = await this.#customers.require(operation, reference)
        const found = await findSubscription(this.#calls, customer)
        if (found !== undefined)
          return readSubscription(await endSubscription(this.#calls, found, at))
        throw new BillingError('cancelSubscription found no subscription for the reference', {
          operation,
          code: 'not_found',
          retryable: false,
          outcome: 'none',
        })
      },
    )
  }

  async close(): Promise<void> {
    await this.#http?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

interface Common<Tx> extends Required<Pick<CommonBillingOptions<Tx>, 'store'>> {
  readonly secrets: readonly string[]
  readonly toleranceMs: number
  readonly now: () => number
}

function commonOf<Tx>(options: CommonBillingOptions<Tx>): Common<Tx> {
  const { store, webhookSecret = [], webhookToleranceMs = 300_000, now = Date.now } = options
  expectObject('store', store)
  if (typeof store.beginCustomer !== 'function') {
    throw new TypeError('Expected store to be a BillingStore, got an object without its methods')
  }
  const secrets = typeof webhookSecret === 'string' ? [webhookSecret] : webhookSecret
  if (!Array.isArray(secrets) || secrets.some((secret) => !/^whsec_\S+$/.test(String(secret)))) {
    throw new TypeError('Expected webhookSecret to be one that begins with "whsec_", got another')
  }
  expectInteger('webhookToleranceMs', webhookToleranceMs, 1_000, 86_400_000)
  if (typeof now !== 'function') {
    throw new TypeError(`Expected now to be a function, got ${describeValue(now)}`)
  }
  return { store, secrets, toleranceMs: webhookToleranceMs, now }
}

function openOwn<Tx>(options: OwnBillingOptions<Tx>): { http: Http; stripe: Stripe } {
  const { secretKey, connections = 20, queue = 1_000, attempts = 3 } = options
  const { baseDelayMs = 500, attemptTimeoutMs = 30_000 } = options
  if (typeof secretKey !== 'string' || !/^[sr]k_\w+$/.test(secretKey)) {
    throw new TypeError(
      `Expected secretKey to begin with "sk_" or "rk_", got ${describeValue(secretKey)}`,
    )
  }
  const apiBase = parseApiBase(options.apiBase)
  expectInteger('connections', connections, 1, 1_000)
  expectInteger('queue', queue, 0, 1_000_000)
  expectInteger('attempts', attempts, 1, 10)
  expectInteger('baseDelayMs', baseDelayMs, 0, 60_000)
  expectInteger('attemptTimeoutMs', attemptTimeoutMs, 1, 600_000)
  const http = createHttp({
    connections,
    queue,
    retry: false,
    // Each try has one limit, that of stripe-node's `timeout`.
    timeouts: { headersMs: Infinity, stallMs: Infinity },
  })
  const policy = { attempts, baseDelayMs, maxDelayMs: 10_000 }
  return { http, stripe: openStripe(http, { secretKey, apiBase, attemptTimeoutMs, policy }) }
}

function expectClient<Tx>({ client, secretKey }: ClientBillingOptions<Tx>): Stripe {
  if (secretKey !== undefined) throw new TypeError('Expected client or secretKey, got both')
  expectObject('client', client)
  if (typeof client.customers?.create === 'function') return client
  throw new TypeError('Expected client to be an instance of Stripe, got another object')
}
