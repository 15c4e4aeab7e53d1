import type { AccountRecord, SubscriptionRecord } from '../stores/account-record.ts'
import { ENDED_STATUSES } from '../stores/account-rows.ts'
import type { BillingStatusName, NextStep } from './billing-status.ts'
import type { Plan } from './plan-options.ts'

/** A date at which something happens, in milliseconds since 1970. */
export interface Step {
  readonly at: number
  readonly what: NextStep
}

/** One subscription, read at a moment. */
export interface SubscriptionState {
  readonly record: SubscriptionRecord
  readonly name: Exclude<BillingStatusName, 'trial_expired' | 'none'>
  readonly since: number
  /** Whether it gives what its prices open. */
  readonly isOpen: boolean
  /** In no order; also such as have passed. */
  readonly steps: readonly Step[]
}

/** When a state is read, and what else it depends on. */
export interface Moment {
  /** In milliseconds since 1970. */
  readonly now: number
  readonly account: Pick<AccountRecord, 'trialEndsAt'>
  readonly plan: Pick<Plan, 'graceMs'>
}

/** Stripe's statuses of a subscription that goes on, once its first payment has succeeded. */
const GOING: ReadonlySet<string> = new Set(['active', 'trialing', 'past_due', 'unpaid', 'paused'])

/** Whether it is a status of Stripe's that this version knows. */
export function isKnown(status: string): boolean {
  return GOING.has(status) || status === 'incomplete' || ENDED_STATUSES.includes(status)
}

/** Whether it has not ended at Stripe, as far as it was seen: also one that is not paid for, or paused. */
export function isLive({ status }: Pick<SubscriptionRecord, 'status'>): boolean {
  return !ENDED_STATUSES.includes(status)
}

/** What one subscription is at a moment; `undefined` when it never gave anything and has ended. */
export function stateOf(record: SubscriptionRecord, moment: Moment): SubscriptionState | undefined {
  const { status, endsAt, since, paused } = record
  if (status === 'incomplete_expired') return undefined
  const hasEnded = endsAt !== undefined && endsAt <= moment.now
  if (status === 'incomplete') return { record, name: status, since, isOpen: false, steps: [] }
  // One that has ended is not ended again by a planned end that is still to come.
  if (!isLive(record)) return canceled(record, Math.min(since, endsAt ?? since))
  // A planned end that has passed is an end, although Stripe has not been asked since.
  if (hasEnded && GOING.has(status)) return canceled(record, endsAt)
  const end: readonly Step[] = endsAt === undefined ? [] : [{ at: endsAt, what: 'end' }]
  if (!GOING.has(status)) return { record, name: 'unknown', since, isOpen: false, steps: end }
  if (paused || status === 'paused') {
    return { record, name: 'paused', since, isOpen: false, steps: end }
  }
  if (status === 'unpaid') return { record, name: 'unpaid', since, isOpen: false, steps: end }
  if (status === 'past_due') return pastDue(record, moment, end)
  if (endsAt !== undefined) return { record, name: 'canceling', since, isOpen: true, steps: end }
  return paidFor(record, moment)
}

function canceled(record: SubscriptionRecord, since: number): SubscriptionState {
  return { record, name: 'canceled', since, isOpen: false, steps: [] }
}

function pastDue(
  record: SubscriptionRecord,
  { now, plan }: Moment,
  end: readonly Step[],
): SubscriptionState {
  const graceEnds = record.since + plan.graceMs
  const steps: Step[] = [...end, { at: graceEnds, what: 'grace_ends' }]
  return { record, name: 'past_due', since: record.since, isOpen: graceEnds > now, steps }
}

function paidFor(record: SubscriptionRecord, { now, account }: Moment): SubscriptionState {
  const { status, since, trialEndsAt, periodEndsAt } = record
  const due = status === 'trialing' ? (trialEndsAt ?? periodEndsAt) : periodEndsAt
  const steps: Step[] = []
  if (due !== undefined) {
    steps.push({ at: due, what: status === 'trialing' ? 'first_payment' : 'renewal' })
  }
  const { trialEndsAt: ownTrialEnds } = account
  if (ownTrialEnds !== undefined && ownTrialEnds > now) {
    steps.push({ at: ownTrialEnds, what: 'trial_ends' })
    return { record, name: 'early_payment', since, isOpen: true, steps }
  }
  // It was an early payment until then.
  const from = Math.max(since, ownTrialEnds ?? since)
  const name = status === 'trialing' ? 'trialing' : 'active'
  return { record, name, since: from, isOpen: true, steps }
}
