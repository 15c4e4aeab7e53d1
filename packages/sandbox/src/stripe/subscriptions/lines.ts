import { amountOff, couponOf } from '../catalog/discounts.ts'
import type {
  StripeDiscount,
  StripeLine,
  StripeObject,
  StripeSubscription,
  StripeSubscriptionItem,
} from '../core/objects.ts'
import type { StripeService } from '../core/service.ts'
import { newLine } from '../invoices/line.ts'
import { usageOf } from '../meters/usage.ts'

/** What an item costs for a whole period; nothing beforehand when it is metered. */
export function amountOf({ price, quantity = 0 }: StripeSubscriptionItem): number {
  return price.unit_amount * quantity
}

/** The lines of a period that begins: nothing to pay in a trial, usage is billed when it ends. */
export function periodLines(
  service: StripeService,
  subscription: StripeSubscription,
  items: readonly StripeSubscriptionItem[],
): StripeLine[] {
  const isTrial = subscription.status === 'trialing'
  return items
    .filter((item) => item.price.recurring?.usage_type !== 'metered' || isTrial)
    .map((item) => {
      const name = nameOf(service, item)
      const each = `${item.price.unit_amount} ${item.price.currency} / ${item.price.recurring?.interval}`
      return newLine({
        amount: isTrial ? 0 : amountOf(item),
        currency: item.price.currency,
        description: isTrial
          ? `Trial period for ${name}`
          : `${item.quantity} × ${name} (at ${each})`,
        discountable: true,
        metadata: { ...subscription.metadata },
        period: { start: item.current_period_start, end: item.current_period_end },
        price: item.price,
        quantity: item.quantity ?? 0,
        source: sourceOf(subscription, item),
      })
    })
}

/** The lines of a period that ended: what metered items counted. */
export function usageLines(
  service: StripeService,
  subscription: StripeSubscription,
  items: readonly StripeSubscriptionItem[],
  period: { start: number; end: number },
): StripeLine[] {
  return items.flatMap((item) => {
    const meter = service.state.meters[item.price.recurring?.meter ?? '']
    if (!meter) return []
    const quantity = usageOf(service.state, meter, subscription.customer, period.start, period.end)
    return newLine({
      amount: Math.round(quantity) * item.price.unit_amount,
      currency: item.price.currency,
      description: `${quantity} × ${nameOf(service, item)}`,
      discountable: true,
      period,
      price: item.price,
      quantity,
      source: sourceOf(subscription, item),
    })
  })
}

export function nameOf({ state }: StripeService, { price }: StripeSubscriptionItem): string {
  return state.products[price.product]?.name ?? price.id
}

function sourceOf(
  { id }: StripeSubscription,
  item: StripeSubscriptionItem,
): { invoiceItem: null; isProration: false; subscription: string; subscriptionItem: string } {
  return { invoiceItem: null, isProration: false, subscription: id, subscriptionItem: item.id }
}

/** The discounts that hold now, in their order. */
export function activeDiscounts(
  { state }: StripeService,
  subscription: StripeSubscription,
  now: number,
): StripeDiscount[] {
  return subscription.discounts
    .flatMap((id) => state.discounts[id] ?? [])
    .filter(({ end }) => end === null || end > now)
}

/** A coupon for one invoice is gone once an invoice has used it. */
export function spendDiscounts(
  service: StripeService,
  subscription: StripeSubscription,
  invoice: StripeObject,
): void {
  const used = new Set(
    (invoice['total_discount_amounts'] as { discount: string }[]).map(({ discount }) => discount),
  )
  for (const id of subscription.discounts) {
    const discount = service.state.discounts[id]
    const coupon = couponOf(service.state, discount?.source.coupon)
    if (!discount || coupon?.duration !== 'once' || !used.has(id)) continue
    subscription.discounts = subscription.discounts.filter((other) => other !== id)
    service.emit('customer.discount.deleted', discount)
  }
}

/** An amount after the discounts that hold: in flexible mode prorations include them. */
export function netOf(
  service: StripeService,
  subscription: StripeSubscription,
  amount: number,
  now: number,
): number {
  return activeDiscounts(service, subscription, now).reduce((rest, { source }) => {
    const coupon = couponOf(service.state, source.coupon)
    return coupon ? rest - amountOff(coupon, rest) : rest
  }, amount)
}
