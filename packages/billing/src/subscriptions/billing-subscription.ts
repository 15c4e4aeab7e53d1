import type { Stripe } from 'stripe'
import { REFERENCE_KEY } from '../customers/customer-input.ts'

/** A subscription, as far as an app decides by it. */
export interface BillingSubscription {
  readonly id: string
  readonly customerId: string
  /** The app's own id, for a subscription that came of `createCheckout`. */
  readonly reference: string | undefined
  readonly status: Stripe.Subscription.Status
  readonly priceId: string | undefined
  readonly trialEndsAt: Date | undefined
  /** When what is paid for ends, and the next payment is due. */
  readonly currentPeriodEndsAt: Date | undefined
  /** Whether it ends with the current period. */
  readonly cancelAtPeriodEnd: boolean
  readonly canceledAt: Date | undefined
  readonly createdAt: Date
  /** All that Stripe gives. */
  readonly native: Stripe.Subscription
}

/** Stripe's subscription, read. */
export function readSubscription(native: Stripe.Subscription): BillingSubscription {
  const [item] = native.items.data
  const { customer, metadata } = native
  return {
    id: native.id,
    customerId: typeof customer === 'string' ? customer : customer.id,
    reference: metadata[REFERENCE_KEY],
    status: native.status,
    priceId: item?.price.id,
    trialEndsAt: dateOf(native.trial_end),
    currentPeriodEndsAt: dateOf(item?.current_period_end),
    cancelAtPeriodEnd: native.cancel_at_period_end,
    canceledAt: dateOf(native.canceled_at),
    createdAt: new Date(native.created * 1_000),
    native,
  }
}

/** Whether it has ended for good. */
export function hasEnded({ status }: Stripe.Subscription): boolean {
  return status === 'canceled' || status === 'incomplete_expired'
}

/**
 * The subscription that an event of type `customer.subscription.*` is about; `undefined` for others.
 *
 * It is as of `event.created`, and Stripe does not deliver in order: keep that time with what you
 * store, and let an older event change nothing.
 *
 * @example
 * const subscription = subscriptionOf(event)
 * if (subscription !== undefined) await offices.setStatus(tx, subscription, new Date(event.created * 1_000))
 */
export function subscriptionOf(event: Stripe.Event): BillingSubscription | undefined {
  if (!event.type.startsWith('customer.subscription.')) return undefined
  return readSubscription(event.data.object as Stripe.Subscription)
}

function dateOf(seconds: number | null | undefined): Date | undefined {
  return typeof seconds === 'number' ? new Date(seconds * 1_000) : undefined
}
