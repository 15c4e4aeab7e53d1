import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { hasCard } from './has-card.ts'

/** Stripe's words for a payment that waits for its owner. @see https://docs.stripe.com/error-codes */
const WAITS: ReadonlySet<string | undefined> = new Set([
  'authentication_required',
  'invoice_payment_intent_requires_action',
  'subscription_payment_intent_requires_action',
])

/** The newest invoice of a subscription, of one status or of any. */
export async function newestInvoice(
  calls: StripeCalls,
  subscription: string,
  status?: Stripe.Invoice.Status,
): Promise<Stripe.Invoice | undefined> {
  const call = { operation: 'invoices.list', effect: 'read', answers: 'list' } as const
  const filter = { subscription, limit: 1, ...(status === undefined ? {} : { status }) }
  const { data } = await calls.run(call, (stripe, request) => stripe.invoices.list(filter, request))
  return data[0]
}

/** The invoice, which can be paid then; it may have been finalized meanwhile. */
export async function finalized(calls: StripeCalls, id: string): Promise<Stripe.Invoice> {
  const operation = 'invoices.finalizeInvoice'
  const call = { operation, effect: 'idempotent', answers: 'invoice' } as const
  try {
    return await calls.run(call, (stripe, request) =>
      stripe.invoices.finalizeInvoice(id, {}, request),
    )
  } catch (error) {
    if (!BillingError.isInstance(error) || error.code !== 'invalid_request') throw error
    const invoice = await retrieve(calls, id)
    if (invoice.status === 'draft') throw error
    return invoice
  }
}

async function retrieve(calls: StripeCalls, id: string): Promise<Stripe.Invoice> {
  const call = { operation: 'invoices.retrieve', effect: 'read', answers: 'invoice' } as const
  return await calls.run(call, (stripe, request) => stripe.invoices.retrieve(id, {}, request))
}

/** Pays an open invoice. @returns `false` when it waits for a person: to confirm it, or to give a card */
export async function payInvoice(calls: StripeCalls, id: string): Promise<boolean> {
  try {
    const call = { operation: 'invoices.pay', effect: 'idempotent', answers: 'invoice' } as const
    await calls.run(call, (stripe, request) => stripe.invoices.pay(id, {}, request))
    return true
  } catch (error) {
    if (!BillingError.isInstance(error)) throw error
    if (isWaiting(error)) return false
    if (error.code !== 'invalid_request') throw error
    // It may have been paid meanwhile, by an attempt whose answer was lost, say.
    const invoice = await retrieve(calls, id)
    if (invoice.status === 'paid') return true
    if (invoice.status === 'open' && !(await hasCard(calls, invoice))) return false
    throw error
  }
}

function isWaiting({ stripeCode, declineCode }: BillingError): boolean {
  return WAITS.has(stripeCode) || WAITS.has(declineCode)
}
