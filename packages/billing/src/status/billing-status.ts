import type { SubscriptionRecord } from '../stores/account-record.ts'

/**
 * What is true of a reference. Of several subscriptions the best counts: the order is that of this list,
 * but Stripe's `'trialing'` goes before `'canceling'`, and the app's own after it.
 *
 * Open, {@link BillingStatus.canUse} says yes to what the price has:
 * - `'active'`: it is paid for.
 * - `'early_payment'`: it has subscribed while the app's own trial still runs.
 * - `'canceling'`: it is paid for, or in a trial, and ends at `endsAt`.
 * - `'trialing'`: the app's own trial runs, or one of Stripe's.
 *
 * Closed:
 * - `'past_due'`: a payment has failed, and Stripe tries again. Open for `graceDays`, if you give some.
 * - `'paused'`: Stripe's trial has ended without a card, or its invoices are voided for the time being.
 * - `'unpaid'`: all tries have failed; invoices are made and not collected.
 * - `'unknown'`: Stripe says something that this version does not know; it is reported.
 * - `'incomplete'`: the first payment has not succeeded yet.
 * - `'canceled'`: a subscription that gave something has ended, and no other is there.
 * - `'trial_expired'`: the app's own trial is over, and nothing was subscribed.
 * - `'none'`: there was neither a trial nor a subscription.
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
  | 'unknown'
  | 'incomplete'
  | 'canceled'
  | 'trial_expired'
  | 'none'

/**
 * What happens at the next date:
 * - `'trial_ends'`: the app's own trial ends.
 * - `'first_payment'`: Stripe's trial ends, and the first payment is due.
 * - `'renewal'`: the period ends, and the next payment is due.
 * - `'grace_ends'`: a `'past_due'` subscription closes.
 * - `'end'`: the subscription ends.
 */
export type NextStep = 'trial_ends' | 'first_payment' | 'renewal' | 'grace_ends' | 'end'

/** What is true of a reference at the moment of the call. */
export interface BillingStatus {
  readonly reference: string
  readonly status: BillingStatusName
  /** Since when, as far as it was seen. */
  readonly since: Date
  /** The next date, and what happens then; `undefined` when nothing is to come. */
  readonly next: { readonly at: Date; readonly what: NextStep } | undefined
  /** When the subscription is to end, or has ended. */
  readonly endsAt: Date | undefined
  /** When the app's own trial ends, or ended. It stays the same for good; `undefined`: there is none. */
  readonly trialEndsAt: Date | undefined
  /** The subscription that decides; `undefined` when none does. */
  readonly subscription: SubscriptionRecord | undefined
  /** All there ever were, the oldest first. */
  readonly subscriptions: readonly SubscriptionRecord[]
  /**
   * Whether a feature may be used: one of a price that is paid for, or of a trial that runs. Without a
   * feature: whether anything may be.
   */
  readonly canUse: (feature?: string) => boolean
}
