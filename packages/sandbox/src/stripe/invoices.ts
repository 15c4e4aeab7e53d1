import { newId } from './id.ts'
import { listParameters, page } from './listing.ts'
import { oneOf, text } from './parameters.ts'
import { route, type Route } from './route.ts'
import { find, type StripeService } from './service.ts'
import type { StripeObject, StripeSubscription } from './state.ts'

export type BillingReason = 'subscription_create' | 'subscription_cycle' | 'subscription_update'

/**
 * Bills a subscription's current period. Only what webhooks and `latest_invoice` need: the total,
 * its status and its subscription; no lines, no taxes, no PDF.
 */
export function invoiceSubscription(
  service: StripeService,
  subscription: StripeSubscription,
  reason: BillingReason,
  paid = true,
): StripeObject {
  const total =
    subscription.status === 'trialing'
      ? 0
      : subscription.items.data.reduce(
          (sum, { price, quantity }) => sum + price.unit_amount * quantity,
          0,
        )
  const now = service.now()
  const [first] = subscription.items.data
  const invoice: StripeObject = {
    id: newId('in'),
    object: 'invoice',
    amount_due: total,
    amount_paid: paid ? total : 0,
    amount_remaining: paid ? 0 : total,
    attempt_count: 1,
    attempted: true,
    auto_advance: !paid,
    billing_reason: reason,
    collection_method: 'charge_automatically',
    created: now,
    currency: first?.price.currency ?? 'jpy',
    customer: subscription.customer,
    customer_email: service.state.customers[subscription.customer]?.email ?? null,
    hosted_invoice_url: null,
    lines: { object: 'list', data: [], has_more: false, url: '/v1/invoices/lines' },
    livemode: false,
    metadata: {},
    number: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
      type: 'subscription_details',
    },
    period_end: first?.current_period_end ?? now,
    period_start: first?.current_period_start ?? now,
    status: paid ? 'paid' : 'open',
    status_transitions: {
      finalized_at: now,
      marked_uncollectible_at: null,
      paid_at: paid ? now : null,
      voided_at: null,
    },
    subtotal: total,
    total,
  }
  service.state.invoices[invoice.id] = invoice
  subscription.latest_invoice = invoice.id
  return invoice
}

/** The events of an invoice's payment, in the order in which Stripe lists them. */
export function announceInvoice(service: StripeService, invoice: StripeObject): void {
  if (invoice['status'] !== 'paid') {
    service.emit('invoice.payment_failed', invoice)
    return
  }
  service.emit('invoice.paid', invoice)
  service.emit('invoice.payment_succeeded', invoice)
}

export const invoiceRoutes: readonly Route[] = [
  route('GET', '/v1/invoices/:id', {}, ({ state }, { id }) => find(state.invoices, 'invoice', id)),
  route(
    'GET',
    '/v1/invoices',
    {
      ...listParameters,
      customer: text(),
      status: oneOf('draft', 'open', 'paid', 'uncollectible', 'void'),
    },
    ({ state }, { parameters }) =>
      page('/v1/invoices', 'invoice', Object.values(state.invoices), parameters, (invoice) => {
        const { customer, status } = parameters
        return (
          invoice['customer'] === (customer ?? invoice['customer']) &&
          invoice['status'] === (status ?? invoice['status'])
        )
      }),
  ),
]
