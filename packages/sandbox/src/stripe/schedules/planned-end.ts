import type { StripeSubscription } from '../core/objects.ts'
import { change, nowOf, type StripeService } from '../core/service.ts'
import { planEnd } from '../subscriptions/cancel-at.ts'
import type { StripeSchedule } from './stripe-schedule.ts'

/** When a schedule cancels its subscription; `null` for one that lets it go on. */
export function endOf({ end_behavior: behaviour, phases }: StripeSchedule): number | null {
  return behaviour === 'cancel' ? (phases.at(-1)?.end_date ?? null) : null
}

/**
 * Attaches a schedule. One that cancels is seen on its subscription as `cancel_at`.
 * Source: https://docs.stripe.com/api/subscription_schedules/release#release_subscription_schedule-preserve_cancel_date
 */
export function attach(
  service: StripeService,
  subscription: StripeSubscription,
  schedule: StripeSchedule,
): void {
  change(service, 'customer.subscription.updated', subscription, () => {
    subscription.schedule = schedule.id
    const end = endOf(schedule)
    if (end !== null) setEnd(service, subscription, end)
  })
}

/** Shows another end, or none, after a schedule has changed. */
export function showEnd(
  service: StripeService,
  subscription: StripeSubscription,
  before: number | null,
  after: number | null,
): void {
  if (before === after) return
  change(service, 'customer.subscription.updated', subscription, () =>
    setEnd(service, subscription, after),
  )
}

/** Lets the subscription go. The end that the schedule had planned goes with it, unless it is to be kept. */
export function detach(
  service: StripeService,
  subscription: StripeSubscription,
  schedule: StripeSchedule,
  { keepsEnd }: { readonly keepsEnd: boolean },
): void {
  change(service, 'customer.subscription.updated', subscription, () => {
    subscription.schedule = null
    if (!keepsEnd && endOf(schedule) !== null) setEnd(service, subscription, null)
  })
}

function setEnd(
  service: StripeService,
  subscription: StripeSubscription,
  cancelAt: number | null,
): void {
  planEnd(subscription, { cancelAt }, nowOf(service, subscription.customer))
}
