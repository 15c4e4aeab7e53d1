import { textOf } from '../../json.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripeLine, StripeObject, StripePrice } from '../core/objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { newLine, pricingOf } from './line.ts'

export interface InvoiceItemInput {
  readonly amount: number
  readonly currency: string
  readonly customer: string
  readonly description: string | null
  readonly discountable?: boolean | undefined
  readonly invoice?: string | undefined
  readonly isProration: boolean
  readonly metadata?: Metadata | undefined
  readonly period: { start: number; end: number }
  readonly price: StripePrice | null
  readonly quantity: number
  readonly subscription: string | null
  readonly subscriptionItem: string | null
}

/** An amount that waits for the customer's next invoice, or belongs to a draft. */
export function createInvoiceItem(service: StripeService, input: InvoiceItemInput): StripeObject {
  const now = nowOf(service, input.customer)
  const { amount, currency, price, quantity, subscription } = input
  const item: StripeObject = {
    id: newId('ii'),
    object: 'invoiceitem',
    amount,
    created: now,
    currency,
    customer: input.customer,
    customer_account: null,
    date: now,
    description: input.description,
    discountable: input.discountable ?? !input.isProration,
    discounts: [],
    invoice: input.invoice ?? null,
    livemode: false,
    metadata: input.metadata ?? {},
    net_amount: amount,
    parent:
      subscription === null
        ? null
        : {
            subscription_details: {
              subscription,
              ...(input.subscriptionItem === null
                ? {}
                : { subscription_item: input.subscriptionItem }),
            },
            type: 'subscription_details',
          },
    period: input.period,
    pricing: price === null ? null : pricingOf(price),
    proration: input.isProration,
    ...(input.isProration
      ? { proration_details: { credited_items: null, discount_amounts: [] } }
      : {}),
    quantity,
    quantity_decimal: String(quantity),
    tax_rates: [],
    test_clock: service.state.customers[input.customer]?.test_clock ?? null,
  }
  service.state.invoiceItems[item.id] = item
  service.emit('invoiceitem.created', shown(item))
  return item
}

/** As Stripe shows it: `created` is the sandbox's own, for its order in lists. */
export function shown({ created: _created, ...item }: StripeObject): {
  [name: string]: StripeObject[string]
} {
  return item
}

/** What waits: of one subscription, or of none. */
export function pendingItems(
  { state }: StripeService,
  customer: string,
  subscription: string | null,
): StripeObject[] {
  return Object.values(state.invoiceItems).filter((item) => {
    const isWaiting = item['customer'] === customer && item['invoice'] === null
    const { subscription: of } = (
      item['parent'] as { subscription_details?: { subscription: string } } | null
    )?.subscription_details ?? { subscription: null }
    return isWaiting && (of === null || of === subscription)
  })
}

/** The line of an invoice item. */
export function lineOfItem(service: StripeService, item: StripeObject): StripeLine {
  const details = (
    item['parent'] as {
      subscription_details?: { subscription: string; subscription_item?: string }
    } | null
  )?.subscription_details
  const pricing = item['pricing'] as { price_details?: { price: string } } | null
  return newLine({
    amount: Number(item['amount']),
    currency: textOf(item['currency']),
    description: item['description'] as string | null,
    discountable: item['discountable'] === true,
    metadata: item['metadata'] as Metadata,
    period: item['period'] as { start: number; end: number },
    price: service.state.prices[pricing?.price_details?.price ?? ''] ?? null,
    quantity: Number(item['quantity']),
    source: {
      invoiceItem: item.id,
      isProration: item['proration'] === true,
      subscription: details?.subscription ?? null,
      subscriptionItem: details?.subscription_item ?? null,
    },
  })
}

/** They are on an invoice now. */
export function bill(items: readonly StripeObject[], invoice: string): void {
  for (const item of items) item['invoice'] = invoice
}
