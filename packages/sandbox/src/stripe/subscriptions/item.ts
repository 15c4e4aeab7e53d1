import { invalid } from '../api/error.ts'
import type { Json } from '../../json.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripePrice, StripeSubscriptionItem } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'

/** A recurring, active price, or the refusal that Stripe gives. */
export function findPrice(service: StripeService, id: string, param: string): StripePrice {
  const price = find(service.state.prices, 'price', id, param)
  if (!price.active) throw invalid(`The price specified is inactive.`, param)
  if (price.type !== 'recurring') {
    throw invalid(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
      param,
    )
  }
  return price
}

/** @throws StripeFailure 400 for a metered price, which has no quantity */
export function expectCountable(price: StripePrice): void {
  if (price.recurring?.usage_type !== 'metered') return
  throw invalid('You cannot set the quantity for metered prices.', 'items')
}

/** @throws StripeFailure 400 for a price in another currency than that of the subscription, or of its customer */
export function expectCurrency(price: StripePrice, currency: string, param: string): void {
  if (price.currency === currency) return
  throw invalid(
    `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${currency}\`.`,
    param,
  )
}

export interface ItemInput {
  readonly price: StripePrice
  readonly quantity: number | undefined
  readonly metadata?: Metadata | undefined
  readonly period: { start: number; end: number }
  readonly created: number
}

/** One price of a subscription. */
export function newItem(subscription: string, input: ItemInput): StripeSubscriptionItem {
  const { price, quantity, period } = input
  const isMetered = price.recurring?.usage_type === 'metered'
  if (quantity !== undefined) expectCountable(price)
  return {
    id: newId('si', 14),
    object: 'subscription_item',
    billing_thresholds: null,
    created: input.created,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: input.metadata ?? {},
    plan: planOf(price),
    price: structuredClone(price),
    ...(isMetered ? {} : { quantity: quantity ?? 1 }),
    subscription,
    tax_rates: [],
  }
}

/** The older shape of a price, which items still carry. */
export function planOf(price: StripePrice): { [name: string]: Json } {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: String(price.unit_amount),
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price['nickname'] ?? null,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: price.recurring?.usage_type ?? 'licensed',
  }
}

/** Two prices that are billed in the same rhythm. */
export function haveSameInterval(a: StripePrice, b: StripePrice): boolean {
  return (
    a.recurring?.interval === b.recurring?.interval &&
    a.recurring?.interval_count === b.recurring?.interval_count
  )
}
