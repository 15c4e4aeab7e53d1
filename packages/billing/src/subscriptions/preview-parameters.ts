import type { Stripe } from 'stripe'

type Change = Stripe.SubscriptionUpdateParams
type Details = Stripe.InvoiceCreatePreviewParams.SubscriptionDetails

/** What decides what a change costs, and has the same name in a preview. */
const DETAILS = [
  'billing_cycle_anchor',
  'cancel_at',
  'cancel_at_period_end',
  'default_tax_rates',
  'items',
  'proration_behavior',
  'proration_date',
  'trial_end',
] as const satisfies readonly (keyof Change & keyof Details)[]

/**
 * What is sent to preview a change: all of it that decides what it costs, so that it costs what was previewed.
 *
 * @see https://docs.stripe.com/api/invoices/create_preview
 */
export function previewParameters(
  subscription: string,
  change: Change,
): Stripe.InvoiceCreatePreviewParams {
  const { add_invoice_items: added, automatic_tax: tax, discounts } = change
  const details = Object.fromEntries(
    DETAILS.flatMap((name) => (change[name] === undefined ? [] : [[name, change[name]]])),
  ) as Details
  return {
    subscription,
    subscription_details: details,
    ...(discounts === undefined ? {} : { discounts }),
    ...(tax === undefined ? {} : { automatic_tax: tax }),
    ...(added === undefined ? {} : { invoice_items: added.map(invoiceItemOf) }),
  }
}

type Added = NonNullable<Change['add_invoice_items']>[number]

/** What an additional item costs; when its time is and what else is said of it changes nothing of that. */
function invoiceItemOf(added: Added): Stripe.InvoiceCreatePreviewParams.InvoiceItem {
  const { metadata: _metadata, period: _period, ...item } = added
  return item
}
