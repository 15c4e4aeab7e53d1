import type { Keep } from '../status/plan-options.ts'
import type { SubscriptionRecord } from '../stores/account-record.ts'
import { isLive } from '../status/subscription-state.ts'

/** A subscription, as far as it is chosen by. */
type Choice = Pick<SubscriptionRecord, 'id' | 'status' | 'createdAt'>

/** What ends a subscription at once. */
interface Ender {
  end(reference: string, id: string): Promise<unknown>
}

/** What became of several live subscriptions: their ids. */
export interface EndedSecond {
  readonly kept: string
  readonly ended: readonly string[]
}

/**
 * Ends all live subscriptions of a reference but one, at once; nothing is refunded. Every process chooses the
 * same one, so that two that do this at the same time never end both.
 *
 * @param subscriptions as Stripe has just shown them
 * @returns `undefined` when there are no two live ones
 */
export async function endSecond(
  changes: Ender,
  reference: string,
  subscriptions: readonly Choice[],
  keep: Keep,
): Promise<EndedSecond | undefined> {
  const live = subscriptions.filter(isLive)
  const [kept, ...others] = live.toSorted(orderOf(keep))
  if (kept === undefined || others.length === 0) return undefined
  for (const { id } of others) await changes.end(reference, id)
  return { kept: kept.id, ended: others.map(({ id }) => id) }
}

function orderOf(keep: Keep): (a: Choice, b: Choice) => number {
  const sign = keep === 'first' ? 1 : -1
  return (a, b) =>
    Number(isPaid(b)) - Number(isPaid(a)) ||
    sign * (a.createdAt - b.createdAt) ||
    sign * (a.id < b.id ? -1 : 1)
}

function isPaid({ status }: Choice): boolean {
  return status === 'active' || status === 'trialing'
}
