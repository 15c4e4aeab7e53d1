import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { Customers } from '../customers/customers.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { type BillingSubscription, hasEnded, readSubscription } from './billing-subscription.ts'

/** When a subscription ends: with what is paid for, or at once. */
export type CancelAt = 'period-end' | 'now'

/** The subscription of the reference's customer; `undefined` where either is missing. */
export async function getSubscription(
  calls: StripeCalls,
  customers: Customers,
  reference: string,
): Promise<BillingSubscription | undefined> {
  const customer = await customers.find(reference)
  const found = customer === undefined ? undefined : await findSubscription(calls, customer)
  return found === undefined ? undefined : readSubscription(found)
}

/** @throws {BillingError} `'not_found'` without a customer or a subscription */
export async function cancelSubscription(
  calls: StripeCalls,
  customers: Customers,
  reference: string,
  at: CancelAt,
): Promise<BillingSubscription> {
  const operation = 'cancelSubscription'
  const customer = await customers.require(operation, reference)
  const found = await findSubscription(calls, customer)
  if (found !== undefined) return readSubscription(await endSubscription(calls, found, at))
  throw new BillingError(`${operation} found no subscription for the reference`, {
    operation,
    code: 'not_found',
    retryable: false,
    outcome: 'none',
  })
}

/** What gives most comes first: one that is paid for goes before one that waits for its first payment. */
const RANK: readonly Stripe.Subscription.Status[] = [
  'active',
  'trialing',
  'past_due',
  'unpaid',
  'paused',
  'incomplete',
]

/** How far down the ranks; what has ended, and what is not known, is last. */
function rankOf({ status }: Stripe.Subscription): number {
  const rank = RANK.indexOf(status)
  return rank === -1 ? RANK.length : rank
}

/** The customer's best subscription, and of those that are as good the newest. */
async function findSubscription(
  calls: StripeCalls,
  customer: string,
): Promise<Stripe.Subscription | undefined> {
  const call = { operation: 'subscriptions.list', effect: 'read' } as const
  return await calls.run(call, async (stripe, request) => {
    let best: Stripe.Subscription | undefined
    const filter = { customer, status: 'all', limit: 100 } as const
    for await (const subscription of stripe.subscriptions.list(filter, request)) {
      // Newest first.
      if (best === undefined || rankOf(subscription) < rankOf(best)) best = subscription
    }
    return best
  })
}

/** Ends it. One that has ended already is left as it is. */
async function endSubscription(
  calls: StripeCalls,
  subscription: Stripe.Subscription,
  at: CancelAt,
): Promise<Stripe.Subscription> {
  if (hasEnded(subscription)) return subscription
  const { id } = subscription
  if (at === 'period-end') {
    const call = { operation: 'subscriptions.update', effect: 'idempotent' } as const
    return await calls.run(call, (stripe, request) =>
      stripe.subscriptions.update(id, { cancel_at_period_end: true }, request),
    )
  }
  try {
    const call = { operation: 'subscriptions.cancel', effect: 'idempotent' } as const
    return await calls.run(call, (stripe, request) => stripe.subscriptions.cancel(id, {}, request))
  } catch (error) {
    if (!BillingError.isInstance(error) || error.code !== 'not_found') throw error
    // An attempt whose answer was lost has ended it.
    const call = { operation: 'subscriptions.retrieve', effect: 'read' } as const
    const current = await calls.run(call, (stripe, request) =>
      stripe.subscriptions.retrieve(id, {}, request),
    )
    if (hasEnded(current)) return current
    throw error
  }
}
