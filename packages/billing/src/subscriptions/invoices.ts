import type { Stripe } from 'stripe'
import type { StripeCalls } from '../stripe/stripe-calls.ts'

/** An invoice of Stripe's. Amounts are in the currency's smallest unit. */
export interface BillingInvoice {
  readonly id: string
  /** The number that is printed on it; a draft has none. */
  readonly number: string | undefined
  readonly status: Stripe.Invoice.Status | undefined
  readonly total: number
  readonly amountDue: number
  readonly currency: string
  readonly createdAt: Date
  /** Stripe's page of it, where it can be paid; a draft has none. */
  readonly url: string | undefined
  readonly pdfUrl: string | undefined
  readonly native: Stripe.Invoice
}

/** One page of a customer's invoices, the newest first. */
export async function invoicePage(
  calls: StripeCalls,
  customer: string,
  after: string | undefined,
): Promise<{ readonly invoices: readonly BillingInvoice[]; readonly isLast: boolean }> {
  const call = { operation: 'invoices.list', effect: 'read', answers: 'list' } as const
  const { data, has_more: hasMore } = await calls.run(call, (stripe, request) =>
    stripe.invoices.list(
      { customer, limit: 100, ...(after === undefined ? {} : { starting_after: after }) },
      request,
    ),
  )
  return { invoices: data.map(read), isLast: !hasMore || data.length === 0 }
}

function read(native: Stripe.Invoice): BillingInvoice {
  return {
    id: native.id,
    number: native.number ?? undefined,
    status: native.status ?? undefined,
    total: native.total,
    amountDue: native.amount_due,
    currency: native.currency,
    createdAt: new Date(native.created * 1_000),
    url: native.hosted_invoice_url ?? undefined,
    pdfUrl: native.invoice_pdf ?? undefined,
    native,
  }
}
