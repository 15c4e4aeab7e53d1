import type { IoOptions } from '@yuzuru/concurrency'
import type { Stripe } from 'stripe'
import type { BillingStatus } from './status/billing-status.ts'

/** Where a person is sent, or what was done instead. */
export type CheckoutResult =
  | { readonly kind: 'page'; readonly url: string; readonly sessionId: string }
  /** There was a subscription already, and `whenSubscribed` is `'change'`. */
  | { readonly kind: 'changed'; readonly status: BillingStatus }

/** How a change of plan or quantity is charged. @see https://docs.stripe.com/billing/subscriptions/prorations */
export type Proration = 'create_prorations' | 'always_invoice' | 'none'

/** For {@link BillingActions.changePlan}. */
export interface PlanChange {
  /** `price_…`. */
  readonly price: string
  /** 1 to 1,000,000. @default the one it has */
  readonly quantity?: number | undefined
  /** @default 'create_prorations' */
  readonly proration?: Proration | undefined
  /** From when the proration counts. @default now */
  readonly prorationDate?: Date | undefined
  /** Stripe's own parameters, over ours. */
  readonly native?: Stripe.SubscriptionUpdateParams | undefined
}

/** What a change would cost. Amounts are in the currency's smallest unit. */
export interface ChangePreview {
  readonly amountDue: number
  readonly currency: string
  readonly native: Stripe.Invoice
}

/** An invoice of Stripe's. Amounts are in the currency's smallest unit. */
export interface BillingInvoice {
  readonly id: string
  readonly number: string | undefined
  readonly status: string | undefined
  readonly total: number
  readonly amountDue: number
  readonly currency: string
  readonly createdAt: Date
  /** Stripe's page of it, where it can be paid. */
  readonly url: string | undefined
  readonly pdfUrl: string | undefined
  readonly native: Stripe.Invoice
}

/** For {@link BillingActions.usage}. */
export interface UsageInput {
  /** The `event_name` of the meter. */
  readonly meter: string
  readonly value: number
  /** Counted once for each: 1 to 100 characters. */
  readonly id: string
  /** Within the past 35 days. @default now */
  readonly at?: Date | undefined
}

/** What a person does with a subscription. Each ends by a look at Stripe, and gives what is true then. */
export interface BillingActions {
  /**
   * Changes the price, and the quantity if it is given, of the live subscription.
   *
   * @throws {BillingError} `'not_found'` when there is none
   */
  changePlan(reference: string, change: PlanChange, options?: IoOptions): Promise<BillingStatus>
  /** What {@link changePlan} would cost; changes nothing. */
  previewPlan(reference: string, change: PlanChange, options?: IoOptions): Promise<ChangePreview>
  /** Changes the quantity of the live subscription. */
  setQuantity(
    reference: string,
    quantity: number,
    options?: IoOptions & { readonly proration?: Proration | undefined },
  ): Promise<BillingStatus>
  /**
   * Ends the live subscription: with what is paid for, now, or at a date. Nothing is refunded.
   *
   * @throws {BillingError} `'not_found'` when there is none
   */
  cancel(
    reference: string,
    options?: IoOptions & {
      /** @default 'period-end' */
      readonly at?: 'period-end' | 'now' | Date | undefined
    },
  ): Promise<BillingStatus>
  /** Takes a planned end back, or starts a paused subscription again. */
  resume(reference: string, options?: IoOptions): Promise<BillingStatus>
  /**
   * Tries the open invoice again. `confirmUrl` is the page where the person confirms the payment, when the
   * bank asks for that.
   *
   * @throws {BillingError} `'card_declined'`; `'not_found'` when nothing is open
   */
  retryPayment(
    reference: string,
    options?: IoOptions,
  ): Promise<{ readonly status: BillingStatus; readonly confirmUrl: string | undefined }>
  /** The invoices, the newest first; read from Stripe page by page, and no further than you read. */
  invoices(reference: string, options?: IoOptions): AsyncIterable<BillingInvoice>
  /** Counts usage of a metered price, once for each `id`. */
  usage(reference: string, input: UsageInput, options?: IoOptions): Promise<void>
  /**
   * Makes a customer of Stripe's that was not made here the reference's.
   *
   * @throws {BillingError} `'conflict'` when the reference has another one, or the customer another reference
   */
  adoptCustomer(reference: string, customerId: string, options?: IoOptions): Promise<BillingStatus>
  /** Whose customer it is; `undefined`: nobody's here. */
  referenceOf(customerId: string, options?: IoOptions): Promise<string | undefined>
}
