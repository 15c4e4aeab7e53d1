import { invalid, refused } from '../api/error.ts'
import type { StripeSubscription } from '../core/objects.ts'

/** A moment, or the nearest or the farthest end of a period. */
export type CancelAt = number | 'max_period_end' | 'min_period_end'

export function minPeriodEnd({ items }: Pick<StripeSubscription, 'items'>): number {
  return Math.min(...items.data.map((item) => item.current_period_end))
}

export function maxPeriodEnd({ items }: Pick<StripeSubscription, 'items'>): number {
  return Math.max(...items.data.map((item) => item.current_period_end))
}

/**
 * Plans the end of a subscription, or takes it back.
 * Source: https://docs.stripe.com/changelog/basil/2025-07-30/cancel-at-enums
 */
export function planEnd(
  subscription: StripeSubscription,
  change: { cancelAt?: CancelAt | null | undefined; atPeriodEnd?: boolean | undefined },
  now: number,
): void {
  const { atPeriodEnd, cancelAt } = change
  if (atPeriodEnd === undefined && cancelAt === undefined) return
  if (atPeriodEnd === true && cancelAt !== undefined && cancelAt !== null) {
    throw invalid('You may only specify one of these parameters: cancel_at, cancel_at_period_end.')
  }
  if (atPeriodEnd === true) {
    subscription.cancel_at_period_end = true
    subscription.cancel_at = minPeriodEnd(subscription)
  } else {
    subscription.cancel_at_period_end = false
    subscription.cancel_at =
      cancelAt === undefined || cancelAt === null ? null : momentOf(subscription, cancelAt)
  }
  const isPlanned = subscription.cancel_at !== null
  if (isPlanned && (subscription.cancel_at ?? 0) <= now) {
    throw invalid('`cancel_at` must be in the future.', 'cancel_at')
  }
  subscription.canceled_at = isPlanned ? (subscription.canceled_at ?? now) : null
  subscription['cancellation_details'] = {
    comment: null,
    feedback: null,
    feedback_option: null,
    reason: isPlanned ? 'cancellation_requested' : null,
  }
}

/** @throws StripeFailure 400 when a schedule says when it ends */
export function expectUnmanaged(
  { schedule }: Pick<StripeSubscription, 'schedule'>,
  change: { readonly cancel_at?: unknown; readonly cancel_at_period_end?: unknown },
): void {
  if (schedule === null) return
  if (change.cancel_at === undefined && change.cancel_at_period_end === undefined) return
  throw refused(
    `The subscription is managed by the subscription schedule \`${schedule}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
  )
}

function momentOf(subscription: StripeSubscription, cancelAt: CancelAt): number {
  if (cancelAt === 'min_period_end') return minPeriodEnd(subscription)
  return cancelAt === 'max_period_end' ? maxPeriodEnd(subscription) : cancelAt
}
