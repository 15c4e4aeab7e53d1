import { BillingError } from '../billing-error.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'

/** Objects that belong to a subscription, as a thin event names them. */
const ASKED: ReadonlySet<string> = new Set(['invoice', 'checkout.session', 'subscription_schedule'])

/** What a thin event is about. */
export interface ThinSubject {
  readonly id: string
  readonly type: string
}

/**
 * The object that a thin event is about, as far as it may belong to a subscription: Stripe is asked for it, unless it
 * is a subscription itself. `undefined` for all others, and for one that Stripe has no more.
 */
export async function thinSubject(calls: StripeCalls, { id, type }: ThinSubject): Promise<unknown> {
  if (type === 'subscription') return { id, object: type }
  if (!ASKED.has(type)) return undefined
  try {
    const call = { operation: `${type}.retrieve`, effect: 'read' } as const
    return await calls.run(call, async (stripe, request) => {
      if (type === 'invoice') return await stripe.invoices.retrieve(id, {}, request)
      if (type === 'checkout.session')
        return await stripe.checkout.sessions.retrieve(id, {}, request)
      return await stripe.subscriptionSchedules.retrieve(id, {}, request)
    })
  } catch (error) {
    if (BillingError.isInstance(error) && error.code === 'not_found') return undefined
    throw error
  }
}
