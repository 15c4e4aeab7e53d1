import type { StripeSubscription } from '../core/objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { draftInvoice } from '../invoices/invoice.ts'
import { bill, lineOfItem, pendingItems } from '../invoices/invoice-item.ts'
import { endSubscription } from './end.ts'
import { usageLines } from './lines.ts'
import { prorate } from './proration.ts'
import { collectNow } from './settle.ts'

/** Ends a subscription at once, with a credit for what was not used or a last invoice when asked. */
export function endNow(
  service: StripeService,
  subscription: StripeSubscription,
  options: {
    details: { comment?: string | null; feedback?: string | null }
    isInvoiced: boolean
    isProrated: boolean
  },
): void {
  const now = nowOf(service, subscription.customer)
  const { items, status } = subscription
  if (options.isProrated && status !== 'trialing') {
    const credited = items.data.map((item) => ({ before: item, after: undefined }))
    prorate(service, subscription, credited, now, true)
  }
  const { comment = null, feedback = null } = options.details
  endSubscription(service, subscription, { comment, feedback })
  if (!options.isInvoiced) return
  const waiting = pendingItems(service, subscription.customer, subscription.id)
  const [first] = items.data
  const used = usageLines(service, subscription, items.data, {
    start: first?.current_period_start ?? now,
    end: now,
  })
  const lines = [...waiting.map((item) => lineOfItem(service, item)), ...used]
  if (lines.length === 0) return
  const invoice = draftInvoice(service, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_update',
    subscription,
    lines,
    isAutomatic: true,
  })
  bill(waiting, invoice.id)
  service.emit('invoice.created', invoice)
  collectNow(service, invoice, { isOffSession: true })
}
