import type { JsonObject } from '../../json.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripeLine, StripePrice } from '../core/objects.ts'

/** Where a line comes from. */
interface LineSource {
  readonly invoiceItem: string | null
  readonly isProration: boolean
  readonly subscription: string | null
  readonly subscriptionItem: string | null
}

export interface LineInput {
  readonly amount: number
  readonly currency: string
  readonly description: string | null
  readonly discountable?: boolean
  readonly metadata?: Metadata
  readonly period: { start: number; end: number }
  readonly price: StripePrice | null
  readonly quantity: number | null
  readonly source: LineSource
}

/** A line in Stripe's shape; its invoice is set when it gets one. */
export function newLine(input: LineInput): StripeLine {
  const { amount, price, quantity, source } = input
  return {
    id: newId('il'),
    object: 'line_item',
    amount,
    currency: input.currency,
    description: input.description,
    discount_amounts: [],
    discountable: input.discountable ?? !source.isProration,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: input.metadata ?? {},
    parent: parentOf(source),
    period: input.period,
    pretax_credit_amounts: [],
    pricing: price === null ? null : pricingOf(price),
    quantity,
    quantity_decimal: quantity === null ? null : String(quantity),
    subscription: source.subscription,
    subtotal: amount,
    taxes: [],
  }
}

/** How a price is shown on lines and invoice items. */
export function pricingOf(price: StripePrice): JsonObject {
  return {
    price_details: { price: price.id, product: price.product },
    type: 'price_details',
    unit_amount_decimal: String(price.unit_amount),
  }
}

function parentOf(source: LineSource): JsonObject {
  const { invoiceItem, isProration, subscription, subscriptionItem } = source
  const details = {
    invoice_item: invoiceItem,
    proration: isProration,
    proration_details: isProration ? { credited_items: null } : null,
    subscription,
  }
  return subscriptionItem === null
    ? {
        invoice_item_details: details,
        subscription_item_details: null,
        type: 'invoice_item_details',
      }
    : {
        invoice_item_details: null,
        subscription_item_details: { ...details, subscription_item: subscriptionItem },
        type: 'subscription_item_details',
      }
}
