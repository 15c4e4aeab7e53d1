import { expectOptions } from '@yuzuru/concurrency/boundary'
import { Stripe } from 'stripe'
import type { Billing } from '../billing.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { createBilling } from '../create-billing.ts'
import { type FakeFault, FakeHttpClient } from './fake-http-client.ts'
import { planOf } from './fake-routes.ts'
import { emptyState, fakeId, type FakeState, type FakeUsage } from './fake-state.ts'
import { subscribe } from './fake-subscription.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'
import type { PlanOptions } from '../status/plan-options.ts'
import { translateFailures } from '../stripe/open-stripe.ts'
import { type SignedWebhook, signWebhook } from './sign-webhook.ts'

/** Options of {@link createFakeBilling}. */
export interface FakeBillingOptions<Tx> extends PlanOptions {
  /** @default one in memory */
  readonly store?: BillingStore<Tx> | undefined
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined
}

const FAKE_BILLING_OPTIONS = Object.keys({
  store: true,
  now: true,
  prices: true,
  trial: true,
  graceDays: true,
  keep: true,
  report: true,
} satisfies Record<keyof FakeBillingOptions<unknown>, true>)

/** A billing without Stripe, and what a test sees and does on Stripe's side. */
export interface FakeBilling<Tx = undefined> extends Billing<Tx> {
  readonly customers: readonly Stripe.Customer[]
  readonly sessions: readonly Stripe.Checkout.Session[]
  readonly subscriptions: readonly Stripe.Subscription[]
  /** What was counted by `usage`, once for each `id`. */
  readonly counted: readonly FakeUsage[]
  readonly webhookSecret: string
  /** Does what the hosted page's button does, and returns the event that Stripe would deliver. */
  completeCheckout(sessionId: string): Stripe.Event
  /** An event of now about any object. */
  event(type: Stripe.Event.Type, object: object): Stripe.Event
  /** The event as Stripe would deliver it, signed. */
  sign(event: Stripe.Event): SignedWebhook
  /**
   * Makes one coming request fail.
   *
   * @throws {TypeError} unless it is one of these faults
   */
  failNext(fault: FakeFault): void
}

/**
 * A billing over a Stripe in memory: the real stripe-node, verbs, idempotency keys, errors and webhook
 * signatures, and no network.
 *
 * Has customers, subscription checkouts, the portal, subscriptions with one price each, and usage; no
 * payments, previews, prices or time that passes, and its list of invoices is empty. Any id that begins with
 * `price_` is a price, and any meter is there. Unknown paths are 404.
 *
 * @example
 * await using billing = createFakeBilling()
 * const { sessionId } = await billing.checkout('office-7', {
 *   price: 'price_basic',
 *   customer: { email: 'office@example.jp' },
 *   successUrl: 'https://example.jp/done',
 * })
 * const { body, signature } = billing.sign(billing.completeCheckout(sessionId))
 */
export function createFakeBilling(options?: FakeBillingOptions<undefined>): FakeBilling
export function createFakeBilling<Tx>(
  options: FakeBillingOptions<Tx> & { readonly store: BillingStore<Tx> },
): FakeBilling<Tx>
export function createFakeBilling(options: FakeBillingOptions<unknown> = {}): FakeBilling<unknown> {
  expectOptions(options, FAKE_BILLING_OPTIONS, 'createFakeBilling')
  const { store = memoryBillingStore(), now = Date.now, ...plan } = options
  const state = emptyState(now)
  const httpClient = new FakeHttpClient(state)
  const webhookSecret = 'whsec_fake'
  const client = new Stripe('sk_test_fake', { httpClient, maxNetworkRetries: 0, telemetry: false })
  translateFailures(client)
  const billing = createBilling({ ...plan, client, store, webhookSecret, now })
  const event = (type: Stripe.Event.Type, object: object): Stripe.Event => {
    const made = eventOf(type, object, state.now())
    state.events.set(made.id, made)
    return made
  }
  const controls = {
    webhookSecret,
    event,
    sign: (given: Stripe.Event) => signWebhook(given, webhookSecret, now()),
    failNext: (fault: FakeFault) => httpClient.failNext(fault),
    completeCheckout: (id: string) => event('customer.subscription.created', complete(state, id)),
  }
  return Object.defineProperties(Object.assign(billing, controls), {
    customers: { get: () => structuredClone([...state.customers.values()]) },
    sessions: { get: () => structuredClone([...state.sessions.values()]) },
    subscriptions: { get: () => structuredClone([...state.subscriptions.values()]) },
    counted: { get: () => structuredClone([...state.usage.values()]) },
  }) as unknown as FakeBilling<unknown>
}

function complete(state: FakeState, sessionId: string): Stripe.Subscription {
  const session = state.sessions.get(sessionId)
  const plan = session === undefined ? undefined : planOf(session)
  if (session === undefined || plan === undefined || session.status !== 'open') {
    throw new TypeError(`Expected the id of an open session, got ${JSON.stringify(sessionId)}`)
  }
  const subscription = subscribe(state, session.customer as string, plan)
  Object.assign(session, { status: 'complete', url: null, subscription: subscription.id })
  return subscription
}

function eventOf(type: Stripe.Event.Type, object: object, created: number): Stripe.Event {
  return {
    id: fakeId('evt'),
    object: 'event',
    type,
    created,
    data: { object: structuredClone(object) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
  } as unknown as Stripe.Event
}
