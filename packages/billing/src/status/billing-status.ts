import type { SubscriptionRecord } from '../stores/account-record.ts'

/**
 * What is true of a reference. What gives most comes first; of several subscriptions the best counts.
 *
 * Open, {@link BillingStatus.canUse} says yes to what the price has:
 * - `'active'`: it is paid for.
 * - `'early_payment'`: it subscribed while the app's own trial still runs.
 * - `'canceling'`: it is paid for, or in a trial, and ends at `endsAt`.
 * - `'trialing'`: the app's own trial runs, or one of Stripe's.
 *
 * Closed:
 * - `'past_due'`: a payment failed, and Stripe tries again; open for `graceDays` if you give some.
 * - `'paused'`: Stripe's trial ended without a card, or its invoices are voided for the time being.
 * - `'unpaid'`: all tries failed; invoices are made and not collected.
 * - `'incomplete'`: the first payment has not succeeded yet.
 * - `'canceled'`: a subscription that gave something has ended.
 * - `'trial_expired'`: the app's own trial is over, and nothing was subscribed.
 * - `'none'`: there was neither a trial nor a subscription.
 * - `'unknown'`: Stripe said something that this version does not know; it is reported.
 *
 * @see https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
 */
export type BillingStatusName =
  | 'active'
  | 'early_payment'
  | 'canceling'
  | 'trialing'
  | 'past_due'
  | 'paused'
  | 'unpaid'
  | 'incomplete'
  | 'canceled'
  | 'trial_expired'
  | 'none'
  | 'unknown'

/**
 * What happens at the next date: the app's own trial ends, Stripe's trial ends, the period ends and the next
 * payment is due, or the subscription ends.
 */
export type NextStep = 'trial_ends' | 'first_payment' | 'renewal' | 'end'

/** What is true of a reference, from its row: Stripe is not asked. */
export interface BillingStatus {
  readonly reference: string
  readonly status: BillingStatusName
  /** Since when, as far as it was seen. */
  readonly since: Date
  /** The next date, and what happens then; `undefined` when nothing is to come. */
  readonly next: { readonly at: Date; readonly what: NextStep } | undefined
  /** When the subscription is to end, or has ended. */
  readonly endsAt: Date | undefined
  /** When the app's own trial ends, or ended. It is the same for good; `undefined`: there is none. */
  readonly trialEndsAt: Date | undefined
  /** The subscription that decides; `undefined` when the trial does. */
  readonly subscription: SubscriptionRecord | undefined
  /** All there ever were, the oldest first. */
  readonly subscriptions: readonly SubscriptionRecord[]
  /**
   * Whether a feature may be used: one of a price that is paid for, or of the trial while it runs. Without
   * a feature: whether anything may be.
   */
  canUse(feature?: string): boolean
}
