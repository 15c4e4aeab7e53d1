import type { Keep } from '../status/plan-options.ts'
import type { SubscriptionRecord } from '../stores/account-record.ts'

/** A subscription, as far as it is chosen by. */
type Choice = Pick<SubscriptionRecord, 'id' | 'status' | 'paused' | 'createdAt' | 'endsAt'>

export interface EndSecondInit {
  /** {@link BillingStore.chooseSubscription} of the reference. */
  choose(ids: readonly string[]): Promise<string>
  /** How Stripe shows one now; `undefined` when it has it no more. */
  look(id: string): Promise<Choice | undefined>
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
 * waits for its first payment is never kept, and ends only beside one that is paid for and goes on: it may be what a
 * person is paying just now, and it expires by itself. One of a status that is not known is left alone.
 *
 * One never ends beside a kept one that is worth less: that one is not paid for, or a person has planned its end. An
 * earlier choice may have passed it over, and it was paid for since. Both stay then, until that has changed. One whose
 * invoices are void while it is paused is not paid for, as it gives nothing.
 *
 * A person may end the kept one meanwhile, in the portal say. So Stripe is asked for it once more before each end.
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
  const others = candidates.filter((one) => one !== kept && worthOf(one) <= worthOf(kept))
  const ended: string[] = []
  for (const one of others) {
    const now = await init.look(keptId)
    if (now === undefined || !GOING.has(now.status) || worthOf(now) < worthOf(one)) break
    await init.end(one.id)
    ended.push(one.id)
  }
  return ended.length === 0 ? undefined : { kept: keptId, ended }
}

/** Stripe's statuses of a subscription that goes on, once its first payment has succeeded. */
const GOING: ReadonlySet<string> = new Set(['active', 'trialing', 'past_due', 'unpaid', 'paused'])

function orderOf(keep: Keep): (a: Choice, b: Choice) => number {
  const sign = keep === 'first' ? 1 : -1
  return (a, b) =>
    worthOf(b) - worthOf(a) || sign * (a.createdAt - b.createdAt) || sign * (a.id < b.id ? -1 : 1)
}

/** What is paid for and goes on before what is paid for and is to end, and that before the rest. */
function worthOf(one: Choice): number {
  if (!isPaid(one)) return one.status === 'incomplete' ? WAITING : 0
  return one.endsAt === undefined ? 2 : 1
}

/** One that waits for its first payment ends only beside one that is paid for and goes on. */
const WAITING = 2

function isPaid({ status, paused }: Choice): boolean {
  return (status === 'active' || status === 'trialing') && !paused
}
