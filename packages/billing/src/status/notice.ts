import type { Stripe } from 'stripe'
import type { EventRecord } from '../stores/account-record.ts'
import type { BillingStatus } from './billing-status.ts'

/** What changed for a reference. */
export interface Notice {
  readonly reference: string
  readonly status: BillingStatus
  /** What was true before the write, read at the same moment. */
  readonly previous: BillingStatus
}

/** That a reference has more than one subscription that goes on. */
export interface SecondSubscriptionNotice extends Notice {
  /** The ids of all that go on, the oldest first. */
  readonly subscriptionIds: readonly string[]
}

/** A thin event: of the v2 API, without the object that it is about. @see https://docs.stripe.com/event-destinations */
export interface ThinEvent {
  readonly id: string
  readonly object: 'v2.core.event'
  /** That of v1, with `v1.` before it: `'v1.customer.subscription.updated'`. */
  readonly type: string
  /** In ISO 8601. */
  readonly created: string
  /** The account of Connect that it is of. */
  readonly context?: string | null
  readonly livemode: boolean
  readonly related_object?: { readonly id: string; readonly type: string } | null
}

/** An event that was signed by Stripe. */
export interface ReceivedEvent extends EventRecord {
  readonly native: Stripe.Event | ThinEvent
}

/** An event as it came: of the API version that its endpoint is set to, or a thin one. */
export interface EventNotice {
  readonly id: string
  readonly type: string
  readonly createdAt: Date
  readonly native: Stripe.Event | ThinEvent
}

/**
 * What {@link Billing.on} announces:
 * - `'activated'`: something is paid for, or in a trial of Stripe's, and nothing was before.
 * - `'payment_failed'`: a subscription is `past_due` or `unpaid`, and was neither before.
 * - `'canceling'`: an end is planned; `'resumed'`: it was planned, and is no more.
 * - `'ended'`: a subscription that gave something has ended, and no other goes on.
 * - `'second_subscription'`: there is one more that goes on, beside another.
 * - `'changed'`: any of these, or another change of what Stripe says, a renewal too.
 * - `'trial_ending'`: the app's own trial ends within three days, and nothing is subscribed. Once a reference;
 *   {@link Billing.reconcile} finds them.
 * - `'event'`: an event of Stripe's was received, whatever it is about. Once an event.
 */
export interface Notices {
  readonly activated: Notice
  readonly payment_failed: Notice
  readonly canceling: Notice
  readonly resumed: Notice
  readonly ended: Notice
  readonly second_subscription: SecondSubscriptionNotice
  readonly changed: Notice
  readonly trial_ending: Notice
  readonly event: EventNotice
}

/** A name of {@link Notices}. */
export type NoticeName = keyof Notices

/** Called in the transaction that writes the change. When it throws, nothing is written. */
export type NoticeHandler<Name extends NoticeName, Tx> = (
  notice: Notices[Name],
  tx: Tx,
) => void | PromiseLike<void>

/** All of {@link NoticeName}. */
export const NOTICE_NAMES: readonly NoticeName[] = Object.keys({
  activated: true,
  payment_failed: true,
  canceling: true,
  resumed: true,
  ended: true,
  second_subscription: true,
  changed: true,
  trial_ending: true,
  event: true,
} satisfies Record<NoticeName, true>) as NoticeName[]
