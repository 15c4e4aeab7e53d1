import type { Stripe } from 'stripe'
import { idOf } from '../stripe/id-of.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'

/** What Stripe would charge; a source is the older way to keep a card. */
interface Payer {
  readonly default_payment_method?: unknown
  readonly default_source?: unknown
}

/**
 * Whether there is anything to charge for an invoice: of its own, of its subscription, or of its customer. Stripe's
 * refusal has no code of its own for that.
 *
 * @see https://docs.stripe.com/billing/subscriptions/payment-methods-setting#payment-method-priority
 */
export async function hasCard(calls: StripeCalls, invoice: Stripe.Invoice): Promise<boolean> {
  if (isPayer(invoice)) return true
  const subscription = idOf(invoice.parent?.subscription_details?.subscription)
  if (subscription !== undefined && isPayer(await subscriptionOf(calls, subscription))) return true
  const customer = idOf(invoice.customer)
  return customer !== undefined && (await customerHasCard(calls, customer))
}

async function subscriptionOf(calls: StripeCalls, id: string): Promise<Payer> {
  const operation = 'subscriptions.retrieve'
  const call = { operation, effect: 'read', answers: 'subscription' } as const
  return await calls.run(call, (stripe, request) => stripe.subscriptions.retrieve(id, {}, request))
}

async function customerHasCard(calls: StripeCalls, id: string): Promise<boolean> {
  const call = { operation: 'customers.retrieve', effect: 'read', answers: 'customer' } as const
  const customer = await calls.run(call, (stripe, request) =>
    stripe.customers.retrieve(id, {}, request),
  )
  return customer.deleted !== true && (isPayer(customer) || isPayer(customer.invoice_settings))
}

function isPayer({ default_payment_method: method, default_source: source }: Payer): boolean {
  return Boolean(method ?? source)
}
