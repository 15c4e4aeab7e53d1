import type { Keep } from '../status/plan-options.ts'
import type { SubscriptionRecord } from '../stores/account-record.ts'

/** A subscription, as far as it is chosen by. */
type Choice = Pick<SubscriptionRecord, 'id' | 'status' | 'paused' | 'createdAt'>

export interface EndSecondInit {
  /** {@link BillingStore.chooseSubscription} of the reference. */
  choose(ids: readonly string[]): Promise<string>
  /** Ends a subscription at once. */
  end(id: string): Promise<unknown>
}

/** What became of several live subscriptions: their ids. */
export interface EndedSecond {
  readonly kept: string
  readonly ended: readonly string[]
}

/**
 * Ends all live subscriptions of a reference but one, at once; nothing is refunded.
 *
 * Which one is best may change between two looks: a payment fails here, and succeeds there. So the store chooses,
 * and remembers what was passed over: two processes that have seen different statuses end the same ones. One that
 * waits for its first payment is never kept, and ends only beside one that is paid for: it may be what a person is
 * paying just now, and it expires by itself. One of a status that is not known is left alone.
 *
 * One that is paid for never ends beside a kept one that is not: an earlier choice may have passed it over, and it was
 * paid for since. Both stay then, until the kept one is paid for or has ended. One whose invoices are void while it is
 * paused is not paid for, as it gives nothing.
 *
 * @param subscriptions as Stripe has just shown them
 * @returns `undefined` when there is nothing to be ended
 */
export async function endSecond(
  init: EndSecondInit,
  subscriptions: readonly Choice[],
  keep: Keep,
): Promise<EndedSecond | undefined> {
  const going = subscriptions.filter(({ status }) => GOING.has(status)).toSorted(orderOf(keep))
  const waiting = subscriptions.filter(({ status }) => status === 'incomplete')
  const [best] = going
  if (best === undefined) return undefined
  const candidates = isPaid(best) ? [...going, ...waiting] : going
  if (candidates.length < 2) return undefined
  const keptId = await init.choose(candidates.map(({ id }) => id))
  const kept = going.find(({ id }) => id === keptId)
  // It was paid for meanwhile, and whoever has seen that ends the others.
  if (kept === undefined) return undefined
  const ending = isPaid(kept) ? candidates : going.filter((one) => !isPaid(one))
  const others = ending.filter((one) => one !== kept)
  if (others.length === 0) return undefined
  for (const { id } of others) await init.end(id)
  return { kept: keptId, ended: others.map(({ id }) => id) }
}

/** Stripe's statuses of a subscription that goes on, once its first payment has succeeded. */
const GOING: ReadonlySet<string> = new Set(['active', 'trialing', 'past_due', 'unpaid', 'paused'])

function orderOf(keep: Keep): (a: Choice, b: Choice) => number {
  const sign = keep === 'first' ? 1 : -1
  return (a, b) =>
    Number(isPaid(b)) - Number(isPaid(a)) ||
    sign * (a.createdAt - b.createdAt) ||
    sign * (a.id < b.id ? -1 : 1)
}

function isPaid({ status, paused }: Choice): boolean {
  return (status === 'active' || status === 'trialing') && !paused
}
