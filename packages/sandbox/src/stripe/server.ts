import { join } from 'node:path'

import { expectOptions } from '@yuzuru/concurrency/boundary'
import { startEmulatedService } from '../emulated-service.ts'
import { doInScope, startServer, waitInScope } from '../in-scope.ts'
import { completeSession, type CheckoutPayment } from './checkout-complete.ts'
import { defineStripe, savePath } from './definition.ts'
import { applyDueChanges } from './due.ts'
import { announceInvoice, invoiceSubscription } from './invoices.ts'
import { RequestLog, type RequestRecord } from '../request-log.ts'
import { createService, find, type StripeService } from './service.ts'
import {
  emptyStripeState,
  type StripeCheckoutSession,
  type StripeCustomer,
  type StripeEvent,
  type StripePrice,
  type StripeProduct,
  type StripeState,
  type StripeSubscription,
} from './state.ts'
import { Webhooks, type WebhookDelivery } from './webhooks.ts'

export interface StripeOptions {
  /** @default a free port */
  port?: number | undefined
  /** The only key that is accepted. @default 'sk_test_sandbox_yuzuru' */
  secretKey?: string | undefined
  /** @default 'whsec_sandbox_yuzuru' */
  webhookSecret?: string | undefined
  /** Waits between the attempts of one webhook, in milliseconds. @default [50, 100, 200, 400] */
  webhookRetryDelaysMs?: readonly number[] | undefined
  /** How long a webhook's receiver may take, in milliseconds. @default 10_000 */
  webhookTimeoutMs?: number | undefined
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined
  /** Where the state is kept between runs (`stripe.json`). @default nowhere */
  dir?: string | undefined
}

/** The names of {@link StripeOptions}. */
export const STRIPE_OPTIONS: readonly string[] = Object.keys({
  port: true,
  secretKey: true,
  webhookSecret: true,
  webhookRetryDelaysMs: true,
  webhookTimeoutMs: true,
  now: true,
  dir: true,
} satisfies Record<keyof StripeOptions, true>)

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
  /** Makes the subscription's payment fail: `past_due`, an open invoice and its events. */
  failPayment(subscriptionId: string): Promise<StripeSubscription>
  /** Applies what the clock has made due: ends of trials, renewals, expiries. */
  settle(): Promise<void>
  customers(): readonly StripeCustomer[]
  products(): readonly StripeProduct[]
  prices(): readonly StripePrice[]
  checkoutSessions(): readonly StripeCheckoutSession[]
  subscriptions(): readonly StripeSubscription[]
  events(): readonly StripeEvent[]
  requests(): readonly RequestRecord[]
  requestCount(method: string, path: string): number
  close(): Promise<void>
}

/**
 * Starts Stripe's API, its hosted pages and its webhooks on 127.0.0.1.
 *
 * @example
 * ```ts
 * await using server = await startStripe()
 * const stripe = new Stripe(server.secretKey, {
 *   host: server.host, port: server.port, protocol: 'http',
 * })
 * ```
 */
export async function startStripe(options: StripeOptions = {}): Promise<StripeServer> {
  expectOptions(options, STRIPE_OPTIONS, 'startStripe')
  return await startServer('startStripe', () => start(options))
}

async function start(options: StripeOptions): Promise<StripeServer> {
  const {
    secretKey = 'sk_test_sandbox_yuzuru',
    webhookSecret = 'whsec_sandbox_yuzuru',
    webhookRetryDelaysMs = [50, 100, 200, 400],
    webhookTimeoutMs = 10_000,
    now = Date.now,
  } = options
  if (webhookRetryDelaysMs.some((delay) => !(delay >= 0))) {
    throw new TypeError(
      `Expected webhookRetryDelaysMs of 0 and up, got ${webhookRetryDelaysMs.join(', ')}`,
    )
  }
  const seconds = (): number => Math.floor(now() / 1000)
  let state: StripeState = emptyStripeState()
  const log = new RequestLog()
  const webhooks = new Webhooks({
    secret: webhookSecret,
    retryDelaysMs: webhookRetryDelaysMs,
    timeoutMs: webhookTimeoutMs,
    now: seconds,
    event: (id) => state.events[id],
    pending: () =>
      Object.values(state.events)
        .filter((event) => event.pending_webhooks > 0)
        .map((event) => event.id),
  })
  let url = ''
  const serviceFor = (request?: { id: string; idempotencyKey: string | null }): StripeService =>
    createService({
      state,
      url,
      now: seconds,
      hasEndpoint: () => webhooks.url !== undefined,
      onEvent: (event) => webhooks.enqueue(event.id),
      ...(request && request.id !== '' ? { request } : {}),
    })
  const service = await startEmulatedService({
    port: options.port,
    file: options.dir === undefined ? undefined : join(options.dir, 'stripe.json'),
    define(own) {
      url = own
      return defineStripe({
        secretKey,
        log,
        inFlight: new Set(),
        serviceFor,
        onState: (live) => (state = live),
      })
    },
  })
  const save = async (): Promise<void> => void (await service.runtime.request(savePath))
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
    completeCheckout: async (id, payment = {}) => {
      expectOptions(payment, ['email', 'cardNumber'], 'completeCheckout')
      return await doInScope('completeCheckout', async () => {
        const current = serviceFor()
        applyDueChanges(current)
        const session = structuredClone(completeSession(current, id, payment))
        await save()
        return session
      })
    },
    failPayment: (id) =>
      doInScope('failPayment', async () => {
        const current = serviceFor()
        const subscription = find(state.subscriptions, 'subscription', id)
        const before = structuredClone(subscription)
        subscription.status = 'past_due'
        const invoice = invoiceSubscription(current, subscription, 'subscription_cycle', false)
        current.emit('customer.subscription.updated', subscription, before)
        announceInvoice(current, invoice)
        await save()
        return structuredClone(subscription)
      }),
    settle: () =>
      doInScope('settle', async () => {
        applyDueChanges(serviceFor())
        await save()
      }),
    customers: () => structuredClone(Object.values(state.customers)),
    products: () => structuredClone(Object.values(state.products)),
    prices: () => structuredClone(Object.values(state.prices)),
    checkoutSessions: () => structuredClone(Object.values(state.sessions)),
    subscriptions: () => structuredClone(Object.values(state.subscriptions)),
    events: () => structuredClone(Object.values(state.events)),
    requests: () => log.all(),
    requestCount: (method, path) => log.count(method, path),
    close,
    [Symbol.asyncDispose]: close,
  }
}
