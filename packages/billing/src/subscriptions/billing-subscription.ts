import type { Stripe } from 'stripe'
import { REFERENCE_KEY } from '../customers/named-reference.ts'
import { idOf } from '../stripe/id-of.ts'

/** A subscription, as far as an app decides by it. */
export interface BillingSubscription {
  readonly id: string
  readonly customerId: string
  /** The app's own id, for a subscription that came of `checkout`. */
  readonly reference: string | undefined
  readonly status: Stripe.Subscription.Status
  readonly priceId: string | undefined
  readonly trialEndsAt: Date | undefined
  /** When what is paid for ends, and the next payment is due: the nearest of its items. */
  readonly currentPeriodEndsAt: Date | undefined
  /** Whether it ends with the current period, as {@link endsAt} says too. */
  readonly cancelAtPeriodEnd: boolean
  /**
   * When it is to end, or has ended: however the end was planned. In flexible billing mode Stripe's
   * portal cancels by a date, and leaves `cancel_at_period_end` false.
   *
   * @see https://docs.stripe.com/billing/subscriptions/billing-mode/compare
   */
  readonly endsAt: Date | undefined
  readonly canceledAt: Date | undefined
  readonly createdAt: Date
  /** All that Stripe gives. */
  readonly native: Stripe.Subscription
}

/** Stripe's subscription, read. */
export function readSubscription(native: Stripe.Subscription): BillingSubscription {
  const [item] = native.items.data
  const { customer, metadata } = native
  const periodEnd = periodEndOf(native)
  const end =
    native.ended_at ?? native.cancel_at ?? (native.cancel_at_period_end ? periodEnd : null)
  const isPlanned = end !== null && end !== undefined && !hasEnded(native)
  return {
    id: native.id,
    customerId: idOf(customer),
    reference: metadata[REFERENCE_KEY],
    status: native.status,
    priceId: item?.price.id,
    trialEndsAt: dateOf(native.trial_end),
    currentPeriodEndsAt: dateOf(periodEnd),
    cancelAtPeriodEnd: isPlanned && (native.cancel_at_period_end || end === periodEnd),
    endsAt: dateOf(end),
    canceledAt: dateOf(native.canceled_at),
    createdAt: new Date(native.created * 1_000),
    native,
  }
}

/** Whether it has ended for good. */
export function hasEnded({ status }: Stripe.Subscription): boolean {
  return status === 'canceled' || status === 'incomplete_expired'
}

/** Whether its end is planned, however that was done. */
export function isToEnd(native: Stripe.Subscription): boolean {
  return native.cancel_at_period_end || typeof native.cancel_at === 'number'
}

/** The nearest end of its items' periods; in versions before 2025-03-31 it has one of its own. */
function periodEndOf(native: Stripe.Subscription): number | undefined {
  const { current_period_end: own } = native as { current_period_end?: number }
  const ends = native.items.data.flatMap((item) => item.current_period_end ?? [])
  return ends.length > 0 ? Math.min(...ends) : own
}

function dateOf(seconds: number | null | undefined): Date | undefined {
  return typeof seconds === 'number' ? new Date(seconds * 1_000) : undefined
}
