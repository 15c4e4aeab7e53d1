import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { Changes } from './changes.ts'
import type { Fetches } from './fetches.ts'

/** Stripe's words for a payment that waits for its owner. @see https://docs.stripe.com/error-codes */
const WAITS: ReadonlySet<string | undefined> = new Set([
  'authentication_required',
  'invoice_payment_intent_requires_action',
  'subscription_payment_intent_requires_action',
])

/** How a payment stands after {@link retryPayment}. */
export interface Retried {
  readonly subscription: Stripe.Subscription
  /** Where its owner confirms the payment; `undefined` when nothing is left to be done. */
  readonly confirmUrl: string | undefined
}

/** Tries the newest open invoice of the live subscription again. */
export async function retryPayment(
  { calls, changes, fetches }: { calls: StripeCalls; changes: Changes; fetches: Fetches },
  operation: string,
  reference: string,
): Promise<Retried> {
  const live = await changes.live(operation, reference)
  const invoice = await openInvoice(calls, live.id)
  if (invoice === undefined) return { subscription: live, confirmUrl: undefined }
  const waits = !(await isPaid(calls, invoice.id))
  const subscription = await fetches.one(reference, live.id)
  return { subscription, confirmUrl: waits ? (invoice.hosted_invoice_url ?? undefined) : undefined }
}

async function openInvoice(
  calls: StripeCalls,
  subscription: string,
): Promise<Stripe.Invoice | undefined> {
  const call = { operation: 'invoices.list', effect: 'read', answers: 'list' } as const
  const { data } = await calls.run(call, (stripe, request) =>
    stripe.invoices.list({ subscription, status: 'open', limit: 1 }, request),
  )
  return data[0]
}

/** @returns `false` when its owner has to confirm it */
async function isPaid(calls: StripeCalls, id: string): Promise<boolean> {
  try {
    const call = { operation: 'invoices.pay', effect: 'idempotent', answers: 'invoice' } as const
    await calls.run(call, (stripe, request) => stripe.invoices.pay(id, {}, request))
    return true
  } catch (error) {
    if (!BillingError.isInstance(error)) throw error
    if (isWaiting(error)) return false
    if (error.code !== 'invalid_request') throw error
    // It may have been paid meanwhile, by an attempt whose answer was lost, say.
    const call = { operation: 'invoices.retrieve', effect: 'read', answers: 'invoice' } as const
    const { status } = await calls.run(call, (stripe, request) =>
      stripe.invoices.retrieve(id, {}, request),
    )
    if (status === 'paid') return true
    throw error
  }
}

function isWaiting({ stripeCode, declineCode }: BillingError): boolean {
  return WAITS.has(stripeCode) || WAITS.has(declineCode)
}
