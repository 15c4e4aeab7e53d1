import type { StripeService } from '../core/service.ts'
import { cancelUnstarted } from '../schedules/schedule.ts'
import type { StripeSchedule } from '../schedules/stripe-schedule.ts'
import { endSubscription } from '../subscriptions/end.ts'

/**
 * Ends what goes on for a customer that is deleted: its subscriptions, schedules that have yet to begin, and the
 * collection of its invoices. Source: https://docs.stripe.com/api/customers/delete
 */
export function letGo(service: StripeService, customer: string): void {
  const { invoices, schedules, subscriptions } = service.state
  for (const subscription of Object.values(subscriptions)) {
    if (subscription.customer === customer) endSubscription(service, subscription)
  }
  for (const schedule of Object.values(schedules)) {
    if (schedule['customer'] === customer) cancelUnstarted(service, schedule as StripeSchedule)
  }
  for (const invoice of Object.values(invoices)) {
    if (invoice.customer !== customer) continue
    invoice.auto_advance = false
    invoice.automatically_finalizes_at = null
    invoice.next_payment_attempt = null
  }
}
