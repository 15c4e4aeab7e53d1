import type { Stripe } from 'stripe'
import { hasEnded } from './billing-subscription.ts'

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

/** The best of them, and of those that are as good the first. */
export function bestOf(
  subscriptions: readonly Stripe.Subscription[],
): Stripe.Subscription | undefined {
  return subscriptions.reduce<Stripe.Subscription | undefined>(
    (best, one) => (best === undefined || rankOf(one) < rankOf(best) ? one : best),
    undefined,
  )
}

/** The best of those that have not ended, also one of a status that this version does not know. */
export function liveOf(
  subscriptions: readonly Stripe.Subscription[],
): Stripe.Subscription | undefined {
  return bestOf(subscriptions.filter((one) => !hasEnded(one)))
}
