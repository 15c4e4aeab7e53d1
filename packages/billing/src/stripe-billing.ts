import { type Effect, io, type IoOptions } from '@yuzuru/concurrency'
import {
  type CloseOptions,
  type Closing,
  closing,
  expectLine,
  expectOptions,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import type { Http } from '@yuzuru/http'
import type { Stripe } from 'stripe'
import type { Billing } from './billing.ts'
import { BillingError } from './billing-error.ts'
import type { CheckoutInput } from './checkout/checkout-input.ts'
import type { CheckoutChange, CheckoutPage } from './checkout/checkouts.ts'
import { CheckoutVerb } from './checkout/checkout-verb.ts'
import { adoptCustomer } from './customers/adopt-customer.ts'
import { type CustomerInput, expectCustomer, expectReference } from './customers/customer-input.ts'
import { Customers } from './customers/customers.ts'
import type { BillingStatus } from './status/billing-status.ts'
import { Listeners } from './status/listeners.ts'
import type { NoticeHandler, NoticeName } from './status/notice.ts'
import type { Plan } from './status/plan-options.ts'
import { readStatus } from './status/read-status.ts'
import type { BillingStore } from './stores/billing-store.ts'
import { answering } from './stripe/answering.ts'
import { StripeCalls } from './stripe/stripe-calls.ts'
import type { BillingSubscription } from './subscriptions/billing-subscription.ts'
import { type CancelAt, Changes } from './subscriptions/changes.ts'
import { Fetches } from './subscriptions/fetches.ts'
import type { BillingInvoice } from './subscriptions/invoices.ts'
import type { PlanChange, PlanPreview, Proration } from './subscriptions/plan-change.ts'
import type { PortalInput } from './subscriptions/portal.ts'
import { type RunVerb, SubscriptionVerbs } from './subscriptions/subscription-verbs.ts'
import type { UsageInput } from './subscriptions/usage.ts'
import { Reconciliation } from './sync/reconcile.ts'
import { type Reconciled, type ReconcileOptions, reconcileOptions } from './sync/reconciled.ts'
import { Sync, type SyncInit } from './sync/sync.ts'
import { expectSync, type SyncInput } from './sync/sync-input.ts'
import { expectRequest } from './webhooks/read-body.ts'
import { WebhookEndpoint } from './webhooks/webhook-endpoint.ts'
import type { DeliveryInit } from './webhooks/read-delivery.ts'

export interface StripeBillingInit<Tx> extends DeliveryInit {
  readonly app: string | undefined
  readonly store: BillingStore<Tx>
  readonly plan: Plan
  readonly client: Stripe
  /** What the client sends with, when both are ours. */
  readonly http?: Http | undefined
}

/** The verbs: each checks what it is given, and is one call of this boundary, however many it makes. */
export class StripeBilling<Tx> implements Billing<Tx> {
  readonly client: Stripe
  readonly #customers: Customers
  readonly #rows: SyncInit<Tx>
  readonly #sync: Sync<Tx>
  readonly #endpoint: WebhookEndpoint<Tx>
  readonly #subscriptions: SubscriptionVerbs
  readonly #checkout: CheckoutVerb
  readonly #life: Closing<string>

  constructor({ client, http, ...init }: StripeBillingInit<Tx>) {
    const { app, store, plan, now } = init
    this.client = client
    const calls = new StripeCalls(client, http !== undefined)
    const { keep } = plan
    this.#rows = {
      app,
      calls,
      store,
      plan,
      now,
      listeners: new Listeners(plan),
      keepOne: keep && ((reference) => changes.keepOne(reference, keep)),
    }
    const sync = new Sync(this.#rows)
    const customers = new Customers({ app, calls, store, now })
    const fetches = new Fetches({ calls, sync })
    const changes = new Changes({ calls, customers, fetches, store, now })
    const run: RunVerb = (...call) => this.#run(...call)
    const verbs = { run, calls, customers, fetches, changes, now }
    this.#sync = sync
    this.#customers = customers
    this.#subscriptions = new SubscriptionVerbs(verbs)
    this.#checkout = new CheckoutVerb({ ...verbs, app, store, whenShort: plan.whenShort })
    this.#endpoint = new WebhookEndpoint({ delivery: init, sync, report: plan.report })
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
    const customerId = await this.#run('ensureCustomer', 'idempotent', options, () =>
      this.#customers.ensure(input),
    )
    return { customerId }
  }

  checkout(
    reference: string,
    input: CheckoutInput & { readonly whenSubscribed?: 'refuse' | undefined },
    options?: IoOptions,
  ): Promise<CheckoutPage>
  checkout(
    reference: string,
    input: CheckoutInput,
    options?: IoOptions,
  ): Promise<CheckoutPage | CheckoutChange>
  async checkout(
    reference: string,
    input: CheckoutInput,
    options?: IoOptions,
  ): Promise<CheckoutPage | CheckoutChange> {
    return await this.#checkout.checkout(reference, input, options)
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
    return await this.#run('webhook', 'idempotent', undefined, (signal) =>
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
      await adoptCustomer(this.#rows, reference, customerId)
      return await this.#sync.reference(reference)
    })
  }

  async portal(
    reference: string,
    input: PortalInput,
    options?: IoOptions,
  ): Promise<{ readonly url: string }> {
    return await this.#subscriptions.portal(reference, input, options)
  }

  async changePlan(
    reference: string,
    change: PlanChange,
    options?: IoOptions,
  ): Promise<BillingSubscription> {
    return await this.#subscriptions.changePlan(reference, change, options)
  }

  async previewPlan(
    reference: string,
    change: PlanChange,
    options?: IoOptions,
  ): Promise<PlanPreview> {
    return await this.#subscriptions.previewPlan(reference, change, options)
  }

  async setQuantity(
    reference: string,
    quantity: number,
    options?: IoOptions & { readonly proration?: Proration | undefined },
  ): Promise<BillingSubscription> {
    return await this.#subscriptions.setQuantity(reference, quantity, options)
  }

  async cancel(
    reference: string,
    options?: IoOptions & { readonly at?: CancelAt | undefined },
  ): Promise<BillingSubscription> {
    return await this.#subscriptions.cancel(reference, options)
  }

  async resume(reference: string, options?: IoOptions): Promise<BillingSubscription> {
    return await this.#subscriptions.resume(reference, options)
  }

  async retryPayment(
    reference: string,
    options?: IoOptions,
  ): Promise<{
    readonly subscription: BillingSubscription
    readonly confirmUrl: string | undefined
  }> {
    return await this.#subscriptions.retryPayment(reference, options)
  }

  invoices(
    reference: string,
    options?: IoOptions,
  ): AsyncGenerator<BillingInvoice, void, undefined> {
    return this.#subscriptions.invoices(reference, options)
  }

  async usage(reference: string, input: UsageInput, options?: IoOptions): Promise<void> {
    await this.#subscriptions.usage(reference, input, options)
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
    verb: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const call = { boundary: 'billing', operation, effect, translate: 'none' } as const
    return await io(call, options, async (signal, progress) => {
      using _call = this.#life.enter(operation)
      return await answering(progress, () => verb(signal))
    })
  }
}
