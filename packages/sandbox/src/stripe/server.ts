import { join } from 'node:path'

import { expectOptions } from '@yuzuru/concurrency/boundary'
import { startEmulatedService } from '../emulated-service.ts'
import { startInFolder } from '../start-in-folder.ts'
import { doInScope, startServer, waitInScope } from '../in-scope.ts'
import { RequestLog, type RequestRecord } from '../request-log.ts'
import { indexSearch, makeSearchLag } from './api/search.ts'
import { Troubles, type StripeTrouble } from './api/troubles.ts'
import type { CheckoutPayment } from './checkout/complete.ts'
import { applyDueChanges } from './clocks/due.ts'
import type {
  StripeCheckoutSession,
  StripeCustomer,
  StripeEvent,
  StripeInvoice,
  StripePrice,
  StripeProduct,
  StripeSubscription,
} from './core/objects.ts'
import { apiVersion, createService, type StripeService } from './core/service.ts'
import { emptyStripeState, type StripeState } from './core/state.ts'
import { defineStripe, savePath } from './definition.ts'
import { endpointsOf } from './events/destinations.ts'
import { Webhooks, type WebhookDelivery } from './events/webhooks.ts'
import { hiddenFields } from './hidden-fields.ts'
import { authenticate, completeCheckout, failPayment } from './hands.ts'
import { expectStripeOptions, type StripeOptions } from './stripe-options.ts'

export { STRIPE_OPTIONS, type StripeOptions } from './stripe-options.ts'

/** A running Stripe on 127.0.0.1. */
export interface StripeServer extends AsyncDisposable {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly secretKey: string
  readonly publishableKey: string
  readonly webhookSecret: string
  /** Pausing, reordering, repeating and watching deliveries. */
  readonly webhooks: Pick<Webhooks, 'pause' | 'resume' | 'redeliver' | 'idle' | 'attempts'>
  setWebhookUrl(url: string | undefined): void
  /** Sends an event once more. @returns whether the endpoint accepted it */
  redeliver(eventId: string): Promise<boolean>
  deliveries(): readonly WebhookDelivery[]
  /** Does what the hosted page's button does. */
  completeCheckout(sessionId: string, payment?: CheckoutPayment): Promise<StripeCheckoutSession>
  /**
   * Answers for the owner of a card that asks: confirms the payment or the setup, or does not.
   *
   * @param intentId of a payment intent or a setup intent that is `requires_action`
   */
  authenticate(intentId: string, succeeds?: boolean): Promise<void>
  /** Bills the subscription now and has its bank say no: `past_due`, an open invoice and its events. */
  failPayment(subscriptionId: string): Promise<StripeSubscription>
  /** What goes wrong with the next requests; replaces what was set before. */
  setTroubles(...troubles: readonly StripeTrouble[]): void
  /** Shows search the objects as they are now, where it lags. */
  indexSearch(): Promise<void>
  /** Applies what the clock has made due: trials, renewals, payments, expiries, webhooks. */
  settle(): Promise<void>
  customers(): readonly StripeCustomer[]
  products(): readonly StripeProduct[]
  prices(): readonly StripePrice[]
  checkoutSessions(): readonly StripeCheckoutSession[]
  subscriptions(): readonly StripeSubscription[]
  invoices(): readonly StripeInvoice[]
  events(): readonly StripeEvent[]
  requests(): readonly RequestRecord[]
  requestCount(method: string, path: string): number
  close(): Promise<void>
}

/**
 * Starts Stripe's API, its hosted pages and its webhooks on 127.0.0.1.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * await using server = await startStripe()
 * const stripe = new Stripe(server.secretKey, {
 *   host: server.host, port: server.port, protocol: 'http',
 * })
 */
export async function startStripe(options: StripeOptions = {}): Promise<StripeServer> {
  expectStripeOptions(options)
  return await startServer('startStripe', () => startInFolder(options.dir, () => start(options)))
}

async function start(options: StripeOptions): Promise<StripeServer> {
  const { secretKey = 'sk_test_sandbox_yuzuru', webhookSecret = 'whsec_sandbox_yuzuru' } = options
  const { now = Date.now } = options
  const dunning = expectStripeOptions(options)
  const seconds = (): number => Math.floor(now() / 1000)
  let state: StripeState = emptyStripeState()
  let url = ''
  const log = new RequestLog()
  const troubles = new Troubles()
  const webhooks = new Webhooks({
    apiVersion,
    secret: webhookSecret,
    order: options.webhookOrder ?? 'at-once',
    retries: options.webhookRetryDelaysMs ?? [50, 100, 200, 400],
    timeoutMs: options.webhookTimeoutMs ?? 10_000,
    now: seconds,
    event: (id) => state.events[id],
    endpoints: () => endpointsOf(state),
    waiting: () => state.waiting,
    pending: () =>
      Object.values(state.events)
        .filter((event) => event.pending_webhooks > 0)
        .map((event) => event.id),
  })
  const serviceFor = (
    request: { id: string; idempotencyKey: string | null; version?: string } = {
      id: '',
      idempotencyKey: null,
    },
  ): StripeService =>
    createService({
      dunning,
      state,
      url,
      now: seconds,
      endpointsFor: (type) => webhooks.count(type),
      onEvent: (event) => webhooks.enqueue(event.id),
      version: request.version ?? apiVersion,
      ...(request.id === '' ? {} : { request }),
    })
  // What time does is not the doing of the request that comes after it.
  const catchUp = (): void => {
    applyDueChanges(serviceFor())
    webhooks.sendDue()
  }
  const service = await startEmulatedService({
    port: options.port,
    file: options.dir === undefined ? undefined : join(options.dir, 'stripe.json'),
    define(own) {
      url = own
      return defineStripe({
        catchUp,
        hidden: hiddenFields,
        inFlight: new Set(),
        log,
        secretKey,
        serviceFor,
        troubles,
        onState(live) {
          state = live
          if (options.search === 'lagging') makeSearchLag(state)
        },
      })
    },
  })
  const save = async (): Promise<void> => void (await service.runtime.request(savePath))
  const act = <T>(name: string, change: (current: StripeService) => T): Promise<T> =>
    doInScope(name, async () => {
      catchUp()
      const result = structuredClone(change(serviceFor()))
      await save()
      return result
    })
  const redeliver = (id: string): Promise<boolean> =>
    doInScope('webhooks.redeliver', () => webhooks.redeliver(id))
  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= webhooks.close().then(() => service.runtime.close()))
  return {
    url: service.url,
    host: '127.0.0.1',
    port: service.port,
    secretKey,
    publishableKey: secretKey.replace(/^sk_/, 'pk_'),
    webhookSecret,
    webhooks: {
      pause: () => webhooks.pause(),
      resume: (arrange) => doInScope('webhooks.resume', () => webhooks.resume(arrange)),
      redeliver,
      idle: () => waitInScope('webhooks.idle', () => webhooks.idle()),
      attempts: () => webhooks.attempts(),
    },
    setWebhookUrl: (target) => webhooks.setUrl(target),
    redeliver,
    deliveries: () => webhooks.attempts(),
    async completeCheckout(id, payment = {}) {
      const known = ['authenticated', 'cardNumber', 'email', 'promotionCode']
      expectOptions(payment, known, 'completeCheckout')
      return await act('completeCheckout', (current) => completeCheckout(current, id, payment))
    },
    authenticate: (id, succeeds = true) =>
      act('authenticate', (current) => authenticate(current, id, succeeds)),
    failPayment: (id) => act('failPayment', (current) => failPayment(current, id)),
    setTroubles: (...wanted) => troubles.set(wanted),
    indexSearch: () => act('indexSearch', () => indexSearch(state)),
    settle: () => act('settle', () => undefined),
    customers: () => structuredClone(Object.values(state.customers)),
    products: () => structuredClone(Object.values(state.products)),
    prices: () => structuredClone(Object.values(state.prices)),
    checkoutSessions: () => structuredClone(Object.values(state.sessions)),
    subscriptions: () => structuredClone(Object.values(state.subscriptions)),
    invoices: () => structuredClone(Object.values(state.invoices)),
    events: () => structuredClone(Object.values(state.events)),
    requests: () => log.all(),
    requestCount: (method, path) => log.count(method, path),
    close,
    [Symbol.asyncDispose]: close,
  }
}
