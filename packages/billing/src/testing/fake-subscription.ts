import type { Stripe } from 'stripe'
import { type FakeState, fakeId } from './fake-state.ts'

const DAY = 86_400
const MONTH = 30 * DAY

/** What a session must remember until it is completed; kept beside it, for Stripe does not show it. */
export interface FakePlan {
  readonly price: string
  readonly quantity: number | undefined
  readonly metadata: Record<string, string>
  readonly trialEnd: number | undefined
  readonly trialDays: number | undefined
}

/** Makes the subscription that the completion of a checkout makes. */
export function subscribe(state: FakeState, customer: string, plan: FakePlan): Stripe.Subscription {
  const now = state.now()
  const trialEnd =
    plan.trialDays === undefined ? (plan.trialEnd ?? null) : now + plan.trialDays * DAY
  const id = fakeId('sub')
  const item = {
    id: fakeId('si'),
    object: 'subscription_item',
    price: { id: plan.price, object: 'price' },
    // What is billed by usage has none.
    ...(plan.quantity === undefined ? {} : { quantity: plan.quantity }),
    subscription: id,
    current_period_start: now,
    current_period_end: trialEnd ?? now + MONTH,
  }
  const subscription = {
    id,
    object: 'subscription',
    customer,
    status: trialEnd === null ? 'active' : 'trialing',
    items: { object: 'list', data: [item], has_more: false, url: '' },
    metadata: plan.metadata,
    created: now,
    start_date: now,
    trial_start: trialEnd === null ? null : now,
    trial_end: trialEnd,
    cancel_at_period_end: false,
    cancel_at: null,
    canceled_at: null,
    ended_at: null,
    pause_collection: null,
    livemode: false,
  } as unknown as Stripe.Subscription
  state.subscriptions.set(id, subscription)
  return subscription
}
