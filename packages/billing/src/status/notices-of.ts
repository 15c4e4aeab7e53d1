import { isDeepStrictEqual } from 'node:util'
import type { AccountChange, AccountRecord, SubscriptionRecord } from '../stores/account-record.ts'
import type { NoticeName } from './notice.ts'
import type { Plan } from './plan-options.ts'
import { isLive, stateOf, type SubscriptionState } from './subscription-state.ts'

type StateName = SubscriptionState['name']

const PAID: ReadonlySet<StateName> = new Set(['active', 'early_payment', 'trialing', 'canceling'])
const FAILED: ReadonlySet<StateName> = new Set(['past_due', 'unpaid'])
const GOING: ReadonlySet<StateName> = new Set([...PAID, ...FAILED, 'paused', 'unknown'])

/**
 * What a change is to be announced as, by itself: each subscription before and after, at the same moment.
 *
 * @param now in milliseconds since 1970
 */
export function noticesOf(
  { before, after }: AccountChange,
  plan: Plan,
  now: number,
): readonly Exclude<NoticeName, 'event' | 'trial_ending'>[] {
  if (!hasChanged(before, after)) return []
  const was = namesOf(before, plan, now)
  const is = namesOf(after, plan, now)
  const among = (names: ReadonlyMap<string, StateName>, of: ReadonlySet<StateName>): number =>
    names
      .values()
      .filter((name) => of.has(name))
      .reduce((sum) => sum + 1, 0)
  /** Whether a subscription has come into one of these states. */
  const entered = (of: ReadonlySet<StateName>, from?: StateName): boolean =>
    is.entries().some(([id, name]) => {
      const old = was.get(id)
      const hasCome = of.has(name) && (old === undefined || !of.has(old))
      return from === undefined ? hasCome : of.has(name) && old === from
    })
  const goingBefore = among(was, GOING)
  const going = among(is, GOING)
  const canceling: ReadonlySet<StateName> = new Set(['canceling'])
  const open: ReadonlySet<StateName> = new Set(['active', 'early_payment', 'trialing'])
  const found = {
    activated: among(was, PAID) === 0 && among(is, PAID) > 0,
    payment_failed: entered(FAILED),
    canceling: entered(canceling),
    resumed: entered(open, 'canceling'),
    ended: before.subscriptions.some(goesOn) && !after.subscriptions.some(goesOn),
    second_subscription: going > 1 && going > goingBefore,
    changed: true,
  }
  return (Object.keys(found) as (keyof typeof found)[]).filter((name) => found[name])
}

/**
 * Whether Stripe has not ended it, and it gave something. The clock does not count here: an end that was planned
 * has passed when Stripe says so, and would never be announced.
 */
function goesOn(record: SubscriptionRecord): boolean {
  return isLive(record) && record.status !== 'incomplete'
}

/** The ids of the subscriptions that go on, the oldest first. */
export function goingOn(account: AccountRecord, plan: Plan, now: number): readonly string[] {
  return [...namesOf(account, plan, now)].filter(([, name]) => GOING.has(name)).map(([id]) => id)
}

function namesOf(account: AccountRecord, plan: Plan, now: number): ReadonlyMap<string, StateName> {
  const names = new Map<string, StateName>()
  for (const record of account.subscriptions) {
    const state = stateOf(record, { now, account, plan })
    if (state !== undefined) names.set(record.id, state.name)
  }
  return names
}

/** Whether Stripe says anything else than before. That it was fetched again is no change. */
function hasChanged(before: AccountRecord, after: AccountRecord): boolean {
  const facts = ({ subscriptions }: AccountRecord): unknown =>
    subscriptions.map((record) => Object.assign({}, record, { fetch: 0, since: 0 }))
  return !isDeepStrictEqual(facts(before), facts(after))
}
