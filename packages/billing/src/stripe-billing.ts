import { type Effect, io, type IoOptions, type IoProgress } from '@yuzuru/concurrency'
import {
  type CloseOptions,
  type Closing,
  closing,
  expectLine,
  expectOneOf,
  expectOptions,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import type { Http } from '@yuzuru/http'
import type { Stripe } from 'stripe'
import type { Billing } from './billing.ts'
import { BillingError } from './billing-error.ts'
import { type Checkout, createCheckout } from './checkout/checkout.ts'
import { type CheckoutInput, expectCheckout } from './checkout/checkout-input.ts'
import { adoptCustomer } from './customers/adopt-customer.ts'
import { type CustomerInput, expectCustomer, expectReference } from './customers/customer-input.ts'
import { Customers } from './customers/customers.ts'
import { createPortal, expectPortal, type PortalInput } from './customers/portal.ts'
import type { BillingStatus } from './status/billing-status.ts'
import type { Plan } from './status/plan-options.ts'
import { Listeners } from './status/listeners.ts'
import type { NoticeHandler, NoticeName } from './status/notice.ts'
import { readStatus } from './status/read-status.ts'
import type { BillingStore } from './stores/billing-store.ts'
import { answering } from './stripe/answering.ts'
import { StripeCalls } from './stripe/stripe-calls.ts'
import type { BillingSubscription } from './subscriptions/billing-subscription.ts'
import {
  type CancelAt,
  cancelSubscription,
  getSubscription,
} from './subscriptions/subscriptions.ts'
import { Reconciliation } from './sync/reconcile.ts'
import { type Reconciled, type ReconcileOptions, reconcileOptions } from './sync/reconciled.ts'
import { Sync, type SyncInit } from './sync/sync.ts'
import { expectSync, type SyncInput } from './sync/sync-input.ts'
import { expectRequest } from './webhooks/read-body.ts'
import { WebhookEndpoint } from './webhooks/webhook-endpoint.ts'
import { Webhooks, type WebhooksInit } from './webhooks/webhooks.ts'

export interface StripeBillingInit<Tx> extends WebhooksInit<Tx> {
  readonly store: BillingStore<Tx>
  readonly plan: Plan
  readonly client: Stripe
  /** What the client sends with, when both are ours. */
  readonly http?: Http | undefined
}

/** The verbs: each checks what it is given, and is one call of this boundary, however many it makes. */
export class StripeBilling<Tx> implements Billing<Tx> {
  readonly client: Stripe
  readonly webhooks: Webhooks<Tx>
  readonly #calls: StripeCalls
  readonly #customers: Customers
  readonly #rows: SyncInit<Tx>
  readonly #sync: Sync<Tx>
  readonly #endpoint: WebhookEndpoint<Tx>
  readonly #life: Closing<string>

  constructor({ client, http, ...init }: StripeBillingInit<Tx>) {
    this.client = client
    this.webhooks = new Webhooks(init)
    this.#calls = new StripeCalls(client, http !== undefined)
    this.#customers = new Customers({ calls: this.#calls, store: init.store, now: init.now })
    const { store, plan, now } = init
    this.#rows = { calls: this.#calls, store, plan, now, listeners: new Listeners(plan) }
    this.#sync = new Sync(this.#rows)
    const { webhooks } = this
    this.#endpoint = new WebhookEndpoint({ webhooks, sync: this.#sync, report: plan.report })
    this.#life = closing({
      name: 'billing',
      refuse: ({ code, message, retryable, outcome }, operation) =>
        new BillingError(`${operation} was not sent: ${message}`, {
          operation,
          code,
          retryable,
          outcome,
        }),
      cut: () => http?.close({ drainMs: 0 }),
      end: (leftMs) => http?.close({ drainMs: leftMs }),
    })
  }

  async ensureCustomer(
    input: CustomerInput,
    options?: IoOptions,
  ): Promise<{ readonly customerId: string }> {
    expectOptions(options, IO_OPTIONS, 'billing.ensureCustomer')
    expectCustomer(input)
    const customerId = await this.#run('ensureCustomer', 'idempotent', options, (progress) =>
      answering(progress, () => this.#customers.ensure(input)),
    )
    return { customerId }
  }

  async createCheckout(input: CheckoutInput, options?: IoOptions): Promise<Checkout> {
    expectOptions(options, IO_OPTIONS, 'billing.createCheckout')
    expectCheckout(input)
    return await this.#run('createCheckout', 'idempotent', options, (progress) =>
      answering(progress, () => createCheckout(this.#calls, this.#customers, input)),
    )
  }

  async createPortal(input: PortalInput, options?: IoOptions): Promise<{ readonly url: string }> {
    expectOptions(options, IO_OPTIONS, 'billing.createPortal')
    expectPortal(input)
    return await this.#run('createPortal', 'idempotent', options, () =>
      createPortal(this.#calls, this.#customers, input),
    )
  }

  async status(reference: string, options?: IoOptions): Promise<BillingStatus> {
    expectOptions(options, IO_OPTIONS, 'billing.status')
    expectReference(reference)
    return await this.#run('status', 'idempotent', options, () => readStatus(this.#rows, reference))
  }

  async sync(of: SyncInput, options?: IoOptions): Promise<BillingStatus> {
    expectOptions(options, IO_OPTIONS, 'billing.sync')
    expectSync(of)
    return await this.#run('sync', 'idempotent', options, () =>
      typeof of === 'string' ? this.#sync.reference(of) : this.#sync.session(of),
    )
  }

  readonly webhook = async (request: Request): Promise<Response> => {
    expectRequest(request)
    return await this.#run('webhook', 'idempotent', undefined, (_, signal) =>
      this.#endpoint.receive(request, signal),
    )
  }

  async reconcile(options?: ReconcileOptions): Promise<Reconciled> {
    const { since, onDrift } = reconcileOptions(options, this.#rows.now())
    return await this.#run('reconcile', 'idempotent', options, () =>
      new Reconciliation({ ...this.#rows, sync: this.#sync, since, onDrift }).run(),
    )
  }

  on<Name extends NoticeName>(name: Name, handler: NoticeHandler<Name, Tx>): () => void {
    return this.#rows.listeners.on(name, handler)
  }

  async referenceOf(customerId: string, options?: IoOptions): Promise<string | undefined> {
    expectOptions(options, IO_OPTIONS, 'billing.referenceOf')
    expectLine('customerId', customerId, 255)
    return await this.#run('referenceOf', 'read', options, () =>
      this.#rows.store.findReference(customerId),
    )
  }

  async adoptCustomer(
    reference: string,
    customerId: string,
    options?: IoOptions,
  ): Promise<BillingStatus> {
    expectOptions(options, IO_OPTIONS, 'billing.adoptCustomer')
    expectReference(reference)
    expectLine('customerId', customerId, 255)
    return await this.#run('adoptCustomer', 'idempotent', options, async () => {
      await adoptCustomer(this.#calls, this.#rows.store, reference, customerId)
      return await this.#sync.reference(reference)
    })
  }

  async getSubscription(
    reference: string,
    options?: IoOptions,
  ): Promise<BillingSubscription | undefined> {
    expectOptions(options, IO_OPTIONS, 'billing.getSubscription')
    expectReference(reference)
    return await this.#run('getSubscription', 'read', options, () =>
      getSubscription(this.#calls, this.#customers, reference),
    )
  }

  async cancelSubscription(
    reference: string,
    options?: IoOptions & { readonly at?: CancelAt | undefined },
  ): Promise<BillingSubscription> {
    expectOptions(options, [...IO_OPTIONS, 'at'], 'billing.cancelSubscription')
    expectReference(reference)
    const at = options?.at ?? 'period-end'
    expectOneOf('at', at, ['period-end', 'now'])
    return await this.#run('cancelSubscription', 'idempotent', options, () =>
      cancelSubscription(this.#calls, this.#customers, reference, at),
    )
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#life.close(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run<T>(
    operation: string,
    effect: Effect,
    options: IoOptions | undefined,
    verb: (progress: IoProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const call = { boundary: 'billing', operation, effect, translate: 'none' } as const
    return await io(call, options, async (signal, progress) => {
      // The calls within note by themselves what they have sent.
      progress.sent = false
      using _call = this.#life.enter(operation)
      return await verb(progress, signal)
    })
  }
}
