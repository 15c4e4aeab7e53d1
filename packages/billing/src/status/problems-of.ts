import type { AccountChange, SubscriptionRecord } from '../stores/account-record.ts'
import type { BillingProblem } from './billing-problem.ts'
import type { Plan } from './plan-options.ts'
import { isKnown } from './subscription-state.ts'
import { namesOf } from './status-of.ts'

/** What a change brought that is to be reported: what stood before was reported when it came. */
export function problemsOf({ before, after }: AccountChange, plan: Plan): BillingProblem[] {
  const old = new Set(before.subscriptions.flatMap((one) => problemsIn(one, plan).map(keyOf)))
  return after.subscriptions
    .flatMap((one) => problemsIn(one, plan))
    .filter((problem) => !old.has(keyOf(problem)))
}

function keyOf({ kind, id, detail }: BillingProblem): string {
  return JSON.stringify([kind, id, detail])
}

function problemsIn(record: SubscriptionRecord, { prices }: Plan): BillingProblem[] {
  const { id, status } = record
  if (status === 'gone') return [{ kind: 'gone', id, detail: status }]
  if (status === 'unreadable') return [{ kind: 'unreadable_subscription', id, detail: status }]
  if (!isKnown(status)) return [{ kind: 'unknown_status', id, detail: shown(status) }]
  return record.items
    .filter((item) => prices !== undefined && !namesOf(item).some((name) => prices.has(name)))
    .map(({ priceId }) => ({ kind: 'unknown_price', id, detail: shown(priceId) }))
}

/** Stripe's words and ids look so; what does not is not repeated. */
function shown(word: string): string {
  return /^\w{1,255}$/.test(word) ? word : 'another'
}
