import type { StripeInvoice, StripeSubscription } from '../core/objects.ts'
import { periodEnd } from '../core/period.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { closeInvoice, finalizeInvoice } from '../invoices/finalize.ts'
import { draftInvoice } from '../invoices/invoice.ts'
import { bill, lineOfItem, pendingItems } from '../invoices/invoice-item.ts'
import { minPeriodEnd } from './cancel-at.ts'
import { endSubscription } from './end.ts'
import { activeDiscounts, periodLines, spendDiscounts, usageLines } from './lines.ts'
import { move } from './states.ts'

/** Begins the next period of the items whose period ends now. */
export function renew(service: StripeService, subscription: StripeSubscription): void {
  const now = nowOf(service, subscription.customer)
  const before = structuredClone(subscription)
  if (subscription.status === 'trialing' && !endTrial(service, subscription)) return
  const invoice = nextPeriod(service, subscription, now)
  service.emit('customer.subscription.updated', subscription, before)
  service.emit('invoice.created', invoice)
  const { pause_collection: pause } = subscription
  if (pause === null || pause.behavior === 'keep_as_draft') return
  finalizeInvoice(service, invoice)
  if (invoice.status === 'open') {
    closeInvoice(service, invoice, pause.behavior === 'void' ? 'void' : 'uncollectible')
  }
}

/** Moves the periods and drafts what they cost; also for a preview, on a copy. */
export function nextPeriod(
  service: StripeService,
  subscription: StripeSubscription,
  now: number,
): StripeInvoice {
  const due = subscription.items.data.filter((item) => item.current_period_end <= now)
  const [first] = due
  const period = {
    start: first?.current_period_start ?? now,
    end: first?.current_period_end ?? now,
  }
  const used = usageLines(service, subscription, due, period)
  for (const item of due) {
    item.current_period_start = item.current_period_end
    item.current_period_end = periodEnd(
      subscription.billing_cycle_anchor,
      item.current_period_start,
      item.price,
    )
  }
  if (subscription.cancel_at_period_end) subscription.cancel_at = minPeriodEnd(subscription)
  const isCollected = subscription.status !== 'unpaid' && subscription.pause_collection === null
  const waiting = pendingItems(service, subscription.customer, subscription.id)
  const invoice = draftInvoice(service, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_cycle',
    subscription,
    discounts: activeDiscounts(service, subscription, now),
    lines: [
      ...waiting.map((item) => lineOfItem(service, item)),
      ...used,
      ...periodLines(service, subscription, due),
    ],
    period,
    isAutomatic: isCollected,
  })
  bill(waiting, invoice.id)
  spendDiscounts(service, subscription, invoice)
  return invoice
}

/** @returns false when the subscription did not go on, as its trial's settings say */
function endTrial(service: StripeService, subscription: StripeSubscription): boolean {
  const { missing_payment_method: behaviour } = subscription.trial_settings.end_behavior
  const isMissing =
    subscription.collection_method === 'charge_automatically' && !hasMethod(service, subscription)
  if (isMissing && behaviour === 'cancel') {
    endSubscription(service, subscription, { cause: 'trial ended without a card: cancel' })
    return false
  }
  if (isMissing && behaviour === 'pause') {
    const before = structuredClone(subscription)
    move(subscription, 'trial ended without a card: pause')
    service.emit('customer.subscription.paused', subscription)
    service.emit('customer.subscription.updated', subscription, before)
    return false
  }
  move(subscription, 'trial ended')
  return true
}

function hasMethod({ state }: StripeService, subscription: StripeSubscription): boolean {
  const customer = state.customers[subscription.customer]
  const { default_payment_method: own } = subscription
  return (own ?? customer?.invoice_settings.default_payment_method ?? null) !== null
}
