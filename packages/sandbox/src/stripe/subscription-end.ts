import type { StripeService } from './service.ts'
import type { StripeSubscription } from './state.ts'

/** True when it is over for good. */
export function isEnded(subscription: StripeSubscription): boolean {
  return subscription.status === 'canceled' || subscription.status === 'incomplete_expired'
}

/** Ends a subscription now; one that has ended stays as it is. */
export function endSubscription(
  service: StripeService,
  subscription: StripeSubscription,
  reason = 'cancellation_requested',
): void {
  if (isEnded(subscription)) return
  subscription.status = 'canceled'
  subscription.canceled_at ??= service.now()
  subscription.ended_at = service.now()
  subscription['cancellation_details'] = { comment: null, feedback: null, reason }
  service.emit('customer.subscription.deleted', subscription)
}
