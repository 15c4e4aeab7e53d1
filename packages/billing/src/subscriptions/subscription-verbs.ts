import type { Effect, IoOptions } from '@yuzuru/concurrency'
import { expected, expectOneOf, expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { expectReference } from '../customers/customer-input.ts'
import type { Customers } from '../customers/customers.ts'
import { ofCustomer } from '../customers/fate.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { type BillingSubscription, readSubscription } from './billing-subscription.ts'
import type { CancelAt, Changes } from './changes.ts'
import type { Fetches } from './fetches.ts'
import { type BillingInvoice, invoicePage } from './invoices.ts'
import { retryPayment } from './payments.ts'
import {
  expectChange,
  expectDate,
  expectProration,
  expectQuantity,
  type PlanChange,
  type PlanPreview,
  type Proration,
} from './plan-change.ts'
import { expectPortal, openPortal, type PortalInput } from './portal.ts'
import { countUsage, expectUsage, type UsageInput } from './usage.ts'

const NO_INVOICES = { invoices: [], isLast: true } as const

/** Makes one call of this boundary of a verb. */
export type RunVerb = <T>(
  operation: string,
  effect: Effect,
  options: IoOptions | undefined,
  verb: () => Promise<T>,
) => Promise<T>

export interface SubscriptionVerbsInit {
  readonly run: RunVerb
  readonly calls: StripeCalls
  readonly customers: Customers
  readonly fetches: Fetches
  readonly changes: Changes
  readonly now: () => number
}

/** The verbs of a subscription: each checks what it is given before anything is asked. */
export class SubscriptionVerbs {
  readonly #init: SubscriptionVerbsInit

  constructor(init: SubscriptionVerbsInit) {
    this.#init = init
  }

  async portal(
    reference: string,
    input: PortalInput,
    options?: IoOptions,
  ): Promise<{ readonly url: string }> {
    expectOptions(options, IO_OPTIONS, 'billing.portal')
    expectReference(reference)
    expectPortal(input)
    return await this.#init.run('portal', 'idempotent', options, () =>
      openPortal(this.#init, 'portal', reference, input),
    )
  }

  async changePlan(
    reference: string,
    change: PlanChange,
    options?: IoOptions,
  ): Promise<BillingSubscription> {
    expectOptions(options, IO_OPTIONS, 'billing.changePlan')
    expectReference(reference)
    expectChange('changePlan', change)
    return await this.#change('changePlan', options, (changes, operation) =>
      changes.change(operation, reference, change),
    )
  }

  async previewPlan(
    reference: string,
    change: PlanChange,
    options?: IoOptions,
  ): Promise<PlanPreview> {
    expectOptions(options, IO_OPTIONS, 'billing.previewPlan')
    expectReference(reference)
    expectChange('previewPlan', change)
    return await this.#init.run('previewPlan', 'read', options, () =>
      this.#init.changes.preview('previewPlan', reference, change),
    )
  }

  async setQuantity(
    reference: string,
    quantity: number,
    options?: IoOptions & { readonly proration?: Proration | undefined },
  ): Promise<BillingSubscription> {
    expectOptions(options, [...IO_OPTIONS, 'proration'], 'billing.setQuantity')
    expectReference(reference)
    expectQuantity(quantity)
    expectProration(options?.proration)
    return await this.#change('setQuantity', options, (changes, operation) =>
      changes.change(operation, reference, { quantity, proration: options?.proration }),
    )
  }

  async cancel(
    reference: string,
    options?: IoOptions & { readonly at?: CancelAt | undefined },
  ): Promise<BillingSubscription> {
    expectOptions(options, [...IO_OPTIONS, 'at'], 'billing.cancel')
    expectReference(reference)
    const at = options?.at ?? 'period-end'
    this.#expectAt(at)
    return await this.#change('cancel', options, (changes, operation) =>
      changes.cancel(operation, reference, at),
    )
  }

  async resume(reference: string, options?: IoOptions): Promise<BillingSubscription> {
    expectOptions(options, IO_OPTIONS, 'billing.resume')
    expectReference(reference)
    return await this.#change('resume', options, (changes, operation) =>
      changes.resume(operation, reference),
    )
  }

  async retryPayment(
    reference: string,
    options?: IoOptions,
  ): Promise<{
    readonly subscription: BillingSubscription
    readonly confirmUrl: string | undefined
  }> {
    expectOptions(options, IO_OPTIONS, 'billing.retryPayment')
    expectReference(reference)
    const { run } = this.#init
    const { subscription, confirmUrl } = await run('retryPayment', 'idempotent', options, () =>
      retryPayment(this.#init, 'retryPayment', reference),
    )
    return { subscription: readSubscription(subscription), confirmUrl }
  }

  invoices(
    reference: string,
    options?: IoOptions,
  ): AsyncGenerator<BillingInvoice, void, undefined> {
    expectOptions(options, IO_OPTIONS, 'billing.invoices')
    expectReference(reference)
    return this.#invoices(reference, options)
  }

  async usage(reference: string, input: UsageInput, options?: IoOptions): Promise<void> {
    expectOptions(options, IO_OPTIONS, 'billing.usage')
    expectReference(reference)
    expectUsage(input)
    const { run, calls, customers } = this.#init
    await run('usage', 'idempotent', options, async () => {
      const customerId = await customers.require('usage', reference)
      await countUsage(calls, customerId, input)
    })
  }

  /** Each page is asked for when the one before has been taken; nothing is open in between. */
  async *#invoices(
    reference: string,
    options: IoOptions | undefined,
  ): AsyncGenerator<BillingInvoice, void, undefined> {
    const { run, calls, customers } = this.#init
    const customer = await run('invoices', 'read', options, () => customers.find(reference))
    if (customer === undefined) return
    let after: string | undefined
    for (;;) {
      const page = await run('invoices', 'read', options, () =>
        ofCustomer(calls, 'invoices', customer, NO_INVOICES, () =>
          invoicePage(calls, customer, after),
        ),
      )
      yield* page.invoices
      if (page.isLast) return
      after = page.invoices.at(-1)?.id
    }
  }

  async #change(
    operation: string,
    options: IoOptions | undefined,
    verb: (changes: Changes, operation: string) => Promise<Parameters<typeof readSubscription>[0]>,
  ): Promise<BillingSubscription> {
    const { run, changes } = this.#init
    const changed = await run(operation, 'idempotent', options, () => verb(changes, operation))
    return readSubscription(changed)
  }

  #expectAt(at: CancelAt): void {
    if (!(at instanceof Date)) {
      expectOneOf('at', at, ['period-end', 'now'])
      return
    }
    expectDate('at', at)
    if (at.getTime() > this.#init.now()) return
    throw expected('at to be a moment that is to come', at)
  }
}
