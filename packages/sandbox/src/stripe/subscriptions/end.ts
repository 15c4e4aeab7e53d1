import type { StripeSubscription } from '../core/objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { subscriptionIdOf } from '../invoices/pay.ts'
import { type Cause, isEnded, move } from './states.ts'

/** Ends a subscription now; one that has ended stays as it is. */
export function endSubscription(
  service: StripeService,
  subscription: StripeSubscription,
  options: { cause?: Cause; feedback?: string | null; comment?: string | null } = {},
): void {
  if (isEnded(subscription)) return
  const { cause = 'canceled', feedback = null, comment = null } = options
  const now = nowOf(service, subscription.customer)
  const before = subscription.status
  move(subscription, before === 'trialing' || before === 'past_due' ? cause : 'canceled')
  subscription.canceled_at ??= now
  subscription.ended_at = now
  subscription['cancellation_details'] = {
    comment,
    feedback,
    feedback_option: null,
    reason: cause === 'canceled' ? 'cancellation_requested' : 'payment_failed',
  }
  stopCollecting(service, subscription)
  const schedule = service.state.schedules[subscription.schedule ?? '']
  if (schedule) {
    schedule['status'] = 'canceled'
    schedule['canceled_at'] = now
    schedule['current_phase'] = null
  }
  service.emit('customer.subscription.deleted', subscription)
  if (!schedule) return
  service.emit(
    cause === 'canceled' ? 'subscription_schedule.canceled' : 'subscription_schedule.aborted',
    schedule,
  )
}

/** Its invoices are left to whoever looks at them. */
function stopCollecting({ state }: StripeService, subscription: StripeSubscription): void {
  for (const invoice of Object.values(state.invoices)) {
    if (subscriptionIdOf(invoice) !== subscription.id) continue
    if (invoice.status !== 'draft' && invoice.status !== 'open') continue
    invoice.auto_advance = false
    invoice.automatically_finalizes_at = null
    invoice.next_payment_attempt = null
  }
}
