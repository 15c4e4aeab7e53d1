import type { Stripe } from 'stripe'
import type { BillingStatus } from './billing-status.ts'

/** What changed for a reference. */
export interface Notice {
  readonly reference: string
  readonly status: BillingStatus
  readonly previous: BillingStatus
}

/** That a reference has two live subscriptions. */
export interface SecondSubscriptionNotice extends Notice {
  /** The ids of all live ones, the one that is kept first. */
  readonly subscriptionIds: readonly string[]
}

/** An event as it came, of the API version that its endpoint is set to. Thin events have no `data`. */
export interface EventNotice {
  readonly id: string
  readonly type: string
  readonly createdAt: Date
  readonly native: Stripe.Event | Stripe.V2.Core.Event
}

/**
 * What {@link Billing.on} tells of:
 * - `'activated'`: it is paid for now, and was not before.
 * - `'payment_failed'`: it is `past_due` or `unpaid` now, and was neither before.
 * - `'canceling'`: its end is planned now; `'resumed'`: it was, and is no more.
 * - `'ended'`: it had a subscription that gave something, and has none any more.
 * - `'changed'`: any of these, or another change of its status, prices or quantity.
 * - `'trial_ending'`: the app's own trial ends within three days and nothing is subscribed. Once a reference.
 *   {@link Billing.reconcile} finds them: call it at least once a day.
 * - `'second_subscription'`: there are two live ones.
 * - `'event'`: any event of Stripe's that was delivered.
 */
export interface Notices {
  readonly activated: Notice
  readonly payment_failed: Notice
  readonly canceling: Notice
  readonly resumed: Notice
  readonly ended: Notice
  readonly changed: Notice
  readonly trial_ending: Notice
  readonly second_subscription: SecondSubscriptionNotice
  readonly event: EventNotice
}

export type NoticeName = keyof Notices

/** Called in the transaction that writes the change; when it throws, nothing is written. */
export type NoticeHandler<Name extends NoticeName, Tx> = (
  notice: Notices[Name],
  tx: Tx,
) => void | PromiseLike<void>
