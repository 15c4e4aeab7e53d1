import type { IoOptions } from '@yuzuru/concurrency'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { hasEnded } from './billing-subscription.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'

/** When a subscription ends: with what is paid for, or at once. */
export type CancelAt = 'period-end' | 'now'

/** The customer's newest subscription that has not ended, else the newest of all. */
export async function findSubscription(
  calls: StripeCalls,
  customer: string,
  options?: IoOptions,
): Promise<Stripe.Subscription | undefined> {
  const call = { operation: 'subscriptions.list', effect: 'read' } as const
  return await calls.run(call, options, async (stripe, request) => {
    let newest: Stripe.Subscription | undefined
    const filter = { customer, status: 'all', limit: 100 } as const
    for await (const subscription of stripe.subscriptions.list(filter, request)) {
      if (!hasEnded(subscription)) return subscription
      newest ??= subscription
    }
    return newest
  })
}

/** Ends it. One that has ended already is left as it is. */
export async function endSubscription(
  calls: StripeCalls,
  subscription: Stripe.Subscription,
  at: CancelAt,
): Promise<Stripe.Subscription> {
  if (hasEnded(subscription)) return subscription
  const { id } = subscription
  if (at === 'period-end') {
    const call = { operation: 'subscriptions.update', effect: 'idempotent' } as const
    return await calls.run(call, undefined, (stripe, request) =>
      stripe.subscriptions.update(id, { cancel_at_period_end: true }, request),
    )
  }
  try {
    const call = { operation: 'subscriptions.cancel', effect: 'idempotent' } as const
    return await calls.run(call, undefined, (stripe, request) =>
      stripe.subscriptions.cancel(id, {}, request),
    )
  } catch (error) {
    if (!BillingError.isInstance(error) || error.code !== 'not_found') throw error
    // An attempt whose answer was lost has ended it.
    const call = { operation: 'subscriptions.retrieve', effect: 'read' } as const
    const current = await calls.run(call, undefined, (stripe, request) =>
      stripe.subscriptions.retrieve(id, {}, request),
    )
    if (hasEnded(current)) return current
    throw error
  }
}
