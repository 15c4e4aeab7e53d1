import { amountOff, couponOf } from '../catalog/discounts.ts'
import { newId } from '../core/id.ts'
import type {
  Metadata,
  StripeDiscount,
  StripeInvoice,
  StripeLine,
  StripeSubscription,
} from '../core/objects.ts'
import { find, nowOf, type StripeService } from '../core/service.ts'

type BillingReason = 'manual' | 'subscription_create' | 'subscription_cycle' | 'subscription_update'

export interface InvoiceInput {
  readonly customer: string
  readonly reason: BillingReason
  readonly currency: string
  readonly lines: readonly StripeLine[]
  readonly subscription?: StripeSubscription | undefined
  readonly discounts?: readonly StripeDiscount[] | undefined
  readonly period?: { start: number; end: number } | undefined
  readonly collectionMethod?: 'charge_automatically' | 'send_invoice' | undefined
  readonly daysUntilDue?: number | null | undefined
  readonly defaultPaymentMethod?: string | null | undefined
  readonly description?: string | null | undefined
  readonly metadata?: Metadata | undefined
  /** Finalized by itself, an hour after it was made. */
  readonly isAutomatic: boolean
}

/** A draft, with its totals. It is stored, and its event is left to the caller. */
export function draftInvoice(service: StripeService, input: InvoiceInput): StripeInvoice {
  const { subscription } = input
  const customer = find(service.state.customers, 'customer', input.customer, 'customer')
  const now = nowOf(service, customer.id)
  const id = newId('in')
  const period = input.period ?? { start: now, end: now }
  const collection =
    subscription?.collection_method ?? input.collectionMethod ?? 'charge_automatically'
  const invoice: StripeInvoice = {
    id,
    object: 'invoice',
    account_country: 'JP',
    account_name: 'yuzuru sandbox',
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: input.isAutomatic,
    automatic_tax: {
      disabled_reason: null,
      enabled: false,
      liability: null,
      provider: null,
      status: null,
    },
    automatically_finalizes_at: input.isAutomatic ? now + 3600 : null,
    billing_reason: input.reason,
    collection_method: collection,
    created: now,
    currency: input.currency,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: customer['address'] ?? null,
    customer_email: customer.email,
    customer_name: customer.name,
    customer_phone: customer['phone'] ?? null,
    customer_shipping: customer['shipping'] ?? null,
    customer_tax_exempt: customer['tax_exempt'] ?? 'none',
    customer_tax_ids: [],
    default_payment_method: input.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: [],
    description: input.description ?? null,
    discounts: [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: 'list', data: [], has_more: false, url: `/v1/invoices/${id}/lines` },
    livemode: false,
    metadata: input.metadata ?? {},
    next_payment_attempt:
      input.isAutomatic && collection === 'charge_automatically' ? now + 3600 : null,
    number: null,
    on_behalf_of: null,
    parent: subscription
      ? {
          quote_details: null,
          subscription_details: {
            metadata: { ...subscription.metadata },
            subscription: subscription.id,
          },
          type: 'subscription_details',
        }
      : null,
    payment_settings: {
      default_mandate: null,
      payment_method_options: null,
      payment_method_types: null,
    },
    period_end: period.end,
    period_start: period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: customer.balance,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: {
      finalized_at: null,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    test_clock: customer.test_clock,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: now,
  }
  if (collection === 'send_invoice') {
    invoice.due_date = now + (subscription?.days_until_due ?? input.daysUntilDue ?? 30) * 86_400
  }
  invoice.discounts = (input.discounts ?? []).map((discount) => discount.id)
  setLines(service, invoice, input.lines)
  service.state.invoices[id] = invoice
  if (subscription) subscription.latest_invoice = id
  return invoice
}

/** Gives a draft its lines and works out what is due. */
export function setLines(
  service: StripeService,
  invoice: StripeInvoice,
  lines: readonly StripeLine[],
): void {
  invoice.lines.data = lines.map((line) => ({ ...line, invoice: invoice.id, discount_amounts: [] }))
  const taken = takeDiscounts(service, invoice)
  const off = [...taken.values()].reduce((sum, amount) => sum + amount, 0)
  invoice.subtotal = invoice.lines.data.reduce((sum, line) => sum + line.amount, 0)
  invoice.total = invoice.subtotal - off
  invoice['subtotal_excluding_tax'] = invoice.subtotal
  invoice['total_excluding_tax'] = invoice.total
  invoice['total_discount_amounts'] = [...taken].map(([discount, amount]) => ({ amount, discount }))
  invoice['total_pretax_credit_amounts'] = [...taken].map(([discount, amount]) => ({
    amount,
    discount,
    type: 'discount',
  }))
  invoice.amount_due = Math.max(0, invoice.total + invoice.starting_balance)
  invoice.amount_remaining = invoice.amount_due
}

/** One coupon after the other, from line to line; what one has taken the next does not see. */
function takeDiscounts(service: StripeService, invoice: StripeInvoice): Map<string, number> {
  const taken = new Map<string, number>()
  const left = new Map(invoice.lines.data.map((line) => [line, line.amount]))
  for (const id of invoice.discounts) {
    const discount = service.state.discounts[id]
    const coupon = couponOf(service.state, discount?.source.coupon)
    if (!coupon) continue
    let budget = coupon.amount_off ?? Infinity
    for (const line of invoice.lines.data) {
      const rest = left.get(line) ?? 0
      if (!line.discountable || rest <= 0 || budget <= 0) continue
      const off = Math.min(amountOff(coupon, rest), budget)
      budget -= off
      left.set(line, rest - off)
      line.discount_amounts.push({ amount: off, discount: id })
      line['pretax_credit_amounts'] = [{ amount: off, discount: id, type: 'discount' }]
      taken.set(id, (taken.get(id) ?? 0) + off)
    }
  }
  return taken
}
