import type { Stripe } from 'stripe'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { Changes } from './changes.ts'
import type { Fetches } from './fetches.ts'
import { finalized, newestInvoice, payInvoice } from './pay-invoice.ts'

/** How a payment stands after {@link retryPayment}. */
export interface Retried {
  readonly subscription: Stripe.Subscription
  /** Where its owner confirms the payment, or pays by another card; `undefined` when nothing is left to be done. */
  readonly confirmUrl: string | undefined
}

/** Tries the invoice of the live subscription again by which its status goes. */
export async function retryPayment(
  { calls, changes, fetches }: { calls: StripeCalls; changes: Changes; fetches: Fetches },
  operation: string,
  reference: string,
): Promise<Retried> {
  const live = await changes.live(operation, reference)
  const invoice = await dueInvoice(calls, live)
  if (invoice === undefined) return { subscription: live, confirmUrl: undefined }
  const waits = invoice.status === 'open' && !(await payInvoice(calls, invoice.id))
  const subscription = await fetches.one(reference, live.id)
  return { subscription, confirmUrl: waits ? (invoice.hosted_invoice_url ?? undefined) : undefined }
}

/**
 * The newest open invoice. Those that come while a subscription is unpaid stay drafts, and it is active only once the
 * newest of them is paid: that one is finalized.
 *
 * @see https://docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions
 */
async function dueInvoice(
  calls: StripeCalls,
  { id, status }: Stripe.Subscription,
): Promise<Stripe.Invoice | undefined> {
  const open = await newestInvoice(calls, id, 'open')
  if (status !== 'unpaid') return open
  const draft = await newestInvoice(calls, id, 'draft')
  if (draft === undefined || (open !== undefined && open.created > draft.created)) return open
  return await finalized(calls, draft.id)
}
