import type { StripeSubscription, StripeSubscriptionItem } from '../core/objects.ts'
import { portion } from '../core/portion.ts'
import type { StripeService } from '../core/service.ts'
import { createInvoiceItem } from '../invoices/invoice-item.ts'
import { amountOf, nameOf, netOf } from './lines.ts'

/** An item before a change and after it; undefined where there is none. */
export interface ItemChange {
  readonly before: StripeSubscriptionItem | undefined
  readonly after: StripeSubscriptionItem | undefined
}

/**
 * Credits what was paid for and is not used, and debits what is used from now on, to the second.
 * Source: https://docs.stripe.com/billing/subscriptions/prorations
 *
 * @param at when the change counts from
 * @param isCreditOnly when a new period begins at once, which is billed as a whole
 */
export function prorate(
  service: StripeService,
  subscription: StripeSubscription,
  changes: readonly ItemChange[],
  at: number,
  isCreditOnly: boolean,
): void {
  for (const { before, after } of changes) {
    if (before) add(service, subscription, before, at, -1)
    if (after && !isCreditOnly) add(service, subscription, after, at, 1)
  }
}

function add(
  service: StripeService,
  subscription: StripeSubscription,
  item: StripeSubscriptionItem,
  at: number,
  sign: -1 | 1,
): void {
  const { current_period_start: start, current_period_end: end, price } = item
  if (price.recurring?.usage_type === 'metered') return
  const left = Math.max(0, end - at)
  const whole = netOf(service, subscription, amountOf(item), at)
  const quantity = item.quantity ?? 1
  const label = quantity === 1 ? nameOf(service, item) : `${quantity} × ${nameOf(service, item)}`
  createInvoiceItem(service, {
    amount: sign * portion(whole, left, end - start),
    currency: price.currency,
    customer: subscription.customer,
    description: `${sign < 0 ? 'Unused' : 'Remaining'} time on ${label} after ${dateOf(at)}`,
    isProration: true,
    metadata: {},
    period: { start: at, end },
    price,
    quantity,
    subscription: subscription.id,
    subscriptionItem: item.id,
  })
}

function dateOf(at: number): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    day: '2-digit',
    month: 'short',
    timeZone: 'UTC',
    year: 'numeric',
  })
  return format.format(at * 1000)
}
