import type { AccountRecord, SubscriptionRecord } from '../stores/account-record.ts'
import type { BillingStatus, BillingStatusName } from './billing-status.ts'
import type { Plan } from './plan-options.ts'
import { stateOf, type Step, type SubscriptionState } from './subscription-state.ts'

/**
 * What is true of a reference: a pure function of its rows, the app's plan and the time. Every subscription
 * is read by itself, and the best decides; so the end of an old one never touches a living one.
 *
 * @param now in milliseconds since 1970
 */
export function statusOf(account: AccountRecord, plan: Plan, now: number): BillingStatus {
  const states = account.subscriptions.flatMap(
    (record) => stateOf(record, { now, account, plan }) ?? [],
  )
  const { trialEndsAt } = account
  const trialRuns = trialEndsAt !== undefined && trialEndsAt > now
  const decider = decide(account, states, trialRuns)
  const next = nextOf(decider.steps, now)
  const endsAt = decider.record?.endsAt
  const grants = states.filter(({ isOpen }) => isOpen).map(({ record }) => opens(record, plan))
  if (trialRuns) grants.push(plan.trialFeatures)
  return {
    reference: account.reference,
    status: decider.name,
    since: new Date(decider.since),
    next: next === undefined ? undefined : { at: new Date(next.at), what: next.what },
    endsAt: endsAt === undefined ? undefined : new Date(endsAt),
    trialEndsAt: trialEndsAt === undefined ? undefined : new Date(trialEndsAt),
    subscription: decider.record,
    subscriptions: account.subscriptions,
    canUse: (feature) =>
      grants.some((grant) =>
        grant === undefined ? true : feature === undefined ? grant.size > 0 : grant.has(feature),
      ),
  }
}

/** What decides: a subscription, or the lack of one. */
interface Decider {
  readonly name: BillingStatusName
  readonly since: number
  readonly steps: readonly Step[]
  readonly record?: SubscriptionRecord
}

/** The best first. The app's own trial stands between what is open and what is closed. */
const RANKS: readonly SubscriptionState['name'][] = [
  'active',
  'early_payment',
  'trialing',
  'canceling',
  'past_due',
  'paused',
  'unpaid',
  'unknown',
  'incomplete',
  'canceled',
]
const LAST_OPEN = RANKS.indexOf('canceling')

function decide(
  { createdAt, trialEndsAt }: AccountRecord,
  states: readonly SubscriptionState[],
  trialRuns: boolean,
): Decider {
  let best: SubscriptionState | undefined
  for (const state of states) if (best === undefined || isBetter(state, best)) best = state
  if (trialRuns && (best === undefined || RANKS.indexOf(best.name) > LAST_OPEN)) {
    const steps = [{ at: trialEndsAt ?? 0, what: 'trial_ends' }] as const
    return { name: 'trialing', since: createdAt, steps }
  }
  if (best !== undefined) return best
  if (trialEndsAt === undefined) return { name: 'none', since: createdAt, steps: [] }
  return { name: 'trial_expired', since: trialEndsAt, steps: [] }
}

/** Of equals the newest; of those that have ended the one that ended last. */
function isBetter(a: SubscriptionState, b: SubscriptionState): boolean {
  const byRank = RANKS.indexOf(b.name) - RANKS.indexOf(a.name)
  if (byRank !== 0) return byRank > 0
  const byTime = a.name === 'canceled' ? a.since - b.since : a.record.createdAt - b.record.createdAt
  return byTime === 0 ? a.record.id > b.record.id : byTime > 0
}

/** The nearest that is to come. */
function nextOf(steps: readonly Step[], now: number): Step | undefined {
  let next: Step | undefined
  for (const step of steps) {
    if (step.at > now && (next === undefined || step.at < next.at)) next = step
  }
  return next
}

/** What the prices of a subscription open; `undefined`: everything. */
function opens({ items }: SubscriptionRecord, { prices }: Plan): ReadonlySet<string> | undefined {
  if (prices === undefined) return undefined
  const features = new Set<string>()
  for (const item of items) {
    for (const name of namesOf(item)) {
      for (const feature of prices.get(name) ?? []) features.add(feature)
    }
  }
  return features
}

/** By which names a price may be listed. */
export function namesOf(item: SubscriptionRecord['items'][number]): readonly string[] {
  return [item.priceId, item.lookupKey, item.productId].filter((name) => name !== undefined)
}
