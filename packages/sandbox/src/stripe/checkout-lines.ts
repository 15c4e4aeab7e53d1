import type { StripeService } from './service.ts'
import type { StripeObject } from './state.ts'

export type StripeLineItem = StripeObject & {
  object: 'item'
  amount_total: number
  currency: string
  description: string
  quantity: number
}

/** A session's lines in Stripe's `item` shape, first line first. */
export function lineItems(service: StripeService, session: string): StripeLineItem[] {
  const { plans, prices, products } = service.state
  return (plans[session]?.lines ?? []).map((line) => {
    const price = prices[line.price]
    const amount = (price?.unit_amount ?? 0) * line.quantity
    return {
      id: line.id,
      object: 'item',
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      created: price?.created ?? 0,
      currency: price?.currency ?? 'jpy',
      description: products[price?.product ?? '']?.name ?? '',
      metadata: {},
      price: price ?? null,
      quantity: line.quantity,
    }
  })
}
