import { amountOff } from '../catalog/discounts.ts'
import type { Json } from '../../json.ts'
import type { CheckoutPlan, StripeState } from '../core/state.ts'

export type StripeLineItem = {
  id: string
  object: 'item'
  amount_total: number
  currency: string
  description: string
  quantity: number
  [name: string]: Json
}

/** What a session asks for now, before and after its discounts. */
export interface Amounts {
  readonly subtotal: number
  readonly off: number
  readonly total: number
}

/** A session's lines in Stripe's `item` shape, first line first. */
export function lineItems(state: StripeState, session: string): StripeLineItem[] {
  const plan = state.plans[session]
  if (!plan) return []
  let left = amountsOf(state, plan).off
  return plan.lines.map((line) => {
    const price = state.prices[line.price]
    const amount = (price?.unit_amount ?? 0) * line.quantity
    const off = Math.min(left, amount)
    left -= off
    return {
      id: line.id,
      object: 'item',
      adjustable_quantity: null,
      amount_discount: off,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount - off,
      currency: price?.currency ?? 'jpy',
      description: state.products[price?.product ?? '']?.name ?? '',
      metadata: {},
      price: price ?? null,
      quantity: line.quantity,
    }
  })
}

/** The full price of the lines, whether a trial puts it off or not. */
export function amountsOf(
  { coupons, prices }: StripeState,
  { discounts, lines }: Pick<CheckoutPlan, 'discounts' | 'lines'>,
): Amounts {
  const subtotal = lines.reduce(
    (sum, { price, quantity }) => sum + (prices[price]?.unit_amount ?? 0) * quantity,
    0,
  )
  const total = discounts.reduce((rest, { coupon }) => {
    const found = coupons[coupon]
    return found ? rest - amountOff(found, rest) : rest
  }, subtotal)
  return { off: subtotal - total, subtotal, total }
}
