import type { StripeSubscription } from '../core/objects.ts'
import { change, nowOf, type StripeService } from '../core/service.ts'
import { draftInvoice } from '../invoices/invoice.ts'
import { bill, lineOfItem, pendingItems } from '../invoices/invoice-item.ts'
import { startPeriod } from './change-items.ts'
import { periodLines } from './lines.ts'
import { collectNow } from './settle.ts'
import { move } from './states.ts'

/**
 * Goes on with a paused subscription. It is active when its invoice is paid, at once when nothing is
 * due. Source: https://docs.stripe.com/api/subscriptions/resume
 */
export function resume(
  service: StripeService,
  subscription: StripeSubscription,
  anchor: 'now' | 'unchanged',
): StripeSubscription {
  const now = nowOf(service, subscription.customer)
  if (anchor === 'unchanged') {
    change(service, 'customer.subscription.updated', subscription, () =>
      move(subscription, 'resumed'),
    )
    service.emit('customer.subscription.resumed', subscription)
    return subscription
  }
  const before = structuredClone(subscription)
  startPeriod(subscription, now)
  const waiting = pendingItems(service, subscription.customer, subscription.id)
  const invoice = draftInvoice(service, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_update',
    subscription,
    lines: [
      ...waiting.map((item) => lineOfItem(service, item)),
      ...periodLines(service, subscription, subscription.items.data),
    ],
    isAutomatic: false,
  })
  bill(waiting, invoice.id)
  service.emit('customer.subscription.updated', subscription, before)
  service.emit('invoice.created', invoice)
  collectNow(service, invoice, { isOffSession: false })
  return subscription
}
