import type { StripeSubscription, SubscriptionStatus } from '../core/objects.ts'

/** What can happen to a subscription. */
export type Cause =
  | 'canceled'
  | 'first payment expired'
  | 'paid'
  | 'payment failed'
  | 'resumption failed'
  | 'resumed'
  | 'retries ended: cancel'
  | 'retries ended: mark unpaid'
  | 'trial ended'
  | 'trial ended without a card: cancel'
  | 'trial ended without a card: pause'
  | 'trial given'

/**
 * Every status, and where each cause leads from there. A cause that is not in a status's row can't
 * happen in it. Sources: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses and
 * https://docs.stripe.com/api/subscriptions/object#subscription_object-status
 *
 * | from                 | cause                              | to                   |
 * | -------------------- | ---------------------------------- | -------------------- |
 * | `incomplete`         | paid within 23 hours               | `active`             |
 * | `incomplete`         | 23 hours have passed               | `incomplete_expired` |
 * | `trialing`           | the trial ended                    | `active`             |
 * | `trialing`           | … without a card, as its settings say | `paused` or `canceled` |
 * | `active`             | a payment failed                   | `past_due`           |
 * | `past_due`, `unpaid` | the latest invoice was paid        | `active`             |
 * | `past_due`           | the last retry failed              | `canceled`, `unpaid` or as it was |
 * | `paused`             | resumed, and paid if anything was due | `active`          |
 * | `paused`             | resumed, and the payment failed    | `past_due`, or as it was |
 * | any that lives       | a trial is given                   | `trialing`           |
 * | any that lives       | canceled                           | `canceled`           |
 */
const NEXT: Readonly<
  Record<SubscriptionStatus, Partial<Readonly<Record<Cause, SubscriptionStatus>>>>
> = {
  incomplete: {
    canceled: 'canceled',
    'first payment expired': 'incomplete_expired',
    paid: 'active',
    'payment failed': 'incomplete',
  },
  trialing: {
    canceled: 'canceled',
    paid: 'trialing',
    'payment failed': 'past_due',
    'trial ended': 'active',
    'trial ended without a card: cancel': 'canceled',
    'trial ended without a card: pause': 'paused',
    'trial given': 'trialing',
  },
  active: {
    canceled: 'canceled',
    paid: 'active',
    'payment failed': 'past_due',
    'trial given': 'trialing',
  },
  past_due: {
    canceled: 'canceled',
    paid: 'active',
    'payment failed': 'past_due',
    'retries ended: cancel': 'canceled',
    'retries ended: mark unpaid': 'unpaid',
    'trial given': 'trialing',
  },
  unpaid: {
    canceled: 'canceled',
    paid: 'active',
    'payment failed': 'unpaid',
    'trial given': 'trialing',
  },
  paused: {
    canceled: 'canceled',
    paid: 'active',
    'payment failed': 'paused',
    'resumption failed': 'past_due',
    resumed: 'active',
    'trial given': 'trialing',
  },
  canceled: {},
  incomplete_expired: {},
}

/** True when it is over for good. */
export function isEnded({ status }: Pick<StripeSubscription, 'status'>): boolean {
  return Object.keys(NEXT[status]).length === 0
}

/** Sets the status that a cause leads to. */
export function move(subscription: Pick<StripeSubscription, 'status'>, cause: Cause): void {
  const next = NEXT[subscription.status][cause]
  if (next === undefined)
    throw new Error(`A subscription that is ${subscription.status} can't be ${cause}`)
  subscription.status = next
}
