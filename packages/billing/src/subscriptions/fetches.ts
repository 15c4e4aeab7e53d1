import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { AccountRecord } from '../stores/account-record.ts'
import { ENDED_STATUSES } from '../stores/account-rows.ts'
import { noted } from '../stores/noted.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { hasEnded } from './billing-subscription.ts'
import { withAllItems } from '../sync/fetch-subscriptions.ts'
import { fetchedOf } from '../sync/fetched-subscription.ts'
import type { Sync } from '../sync/sync.ts'

export interface FetchesInit {
  readonly calls: StripeCalls
  readonly sync: Pick<Sync<unknown>, 'account' | 'draw' | 'note' | 'one'>
}

/**
 * What Stripe shows, written down by the number that was drawn before it was asked, so that an older answer
 * never replaces a newer one (decision 69).
 */
export class Fetches {
  readonly #init: FetchesInit

  constructor(init: FetchesInit) {
    this.#init = init
  }

  /** The account of a reference; the first look makes it, with the app's own trial. */
  async account(reference: string): Promise<AccountRecord> {
    return await this.#init.sync.account(reference)
  }

  /** All subscriptions of the reference's customer, the newest first, written down. */
  async all(reference: string, customerId: string): Promise<readonly Stripe.Subscription[]> {
    const { calls, sync } = this.#init
    const number = await sync.draw()
    const call = { operation: 'subscriptions.list', effect: 'read' } as const
    const found = await calls.run(call, async (stripe, request) => {
      const filter = { customer: customerId, status: 'all', limit: 100 } as const
      return await Array.fromAsync(stripe.subscriptions.list(filter, request), (one) =>
        withAllItems(stripe, request, one),
      )
    })
    if (found.length > 0) await this.#write(reference, number, found)
    return found
  }

  /**
   * The subscriptions that have not ended of customers that the reference had before, or beside this one: the
   * records name them, and Stripe is asked how they stand.
   */
  async liveElsewhere(
    reference: string,
    customerId: string | undefined,
  ): Promise<readonly Stripe.Subscription[]> {
    const { subscriptions } = await this.account(reference)
    const live: Stripe.Subscription[] = []
    for (const record of subscriptions) {
      if (record.customerId === customerId || ENDED_STATUSES.includes(record.status)) continue
      const found = await this.ifThere(reference, record.id)
      if (found !== undefined && !hasEnded(found)) live.push(found)
    }
    return live
  }

  /** One subscription, written down; `undefined` for one that Stripe has no more, which is noted. */
  async ifThere(reference: string, id: string): Promise<Stripe.Subscription | undefined> {
    try {
      return await this.one(reference, id)
    } catch (error) {
      if (!BillingError.isInstance(error) || error.code !== 'not_found') throw error
      await this.#init.sync.one(id, undefined)
      return undefined
    }
  }

  /** One subscription, written down. */
  async one(reference: string, id: string): Promise<Stripe.Subscription> {
    const { calls, sync } = this.#init
    const number = await sync.draw()
    const call = {
      operation: 'subscriptions.retrieve',
      effect: 'read',
      answers: 'subscription',
    } as const
    const found = await calls.run(call, async (stripe, request) =>
      withAllItems(stripe, request, await stripe.subscriptions.retrieve(id, {}, request)),
    )
    await this.#write(reference, number, [found])
    return found
  }

  /**
   * Calls `change`, which answers with the subscription that it changed, and writes the answer down although
   * the caller may have given up. A fetch that was drawn meanwhile may have read Stripe before the change, and
   * goes before the answer whenever it is written. So Stripe is asked once more then, by a later number; and
   * also where the answer does not show all items.
   */
  async after(
    reference: string,
    change: () => Promise<Stripe.Subscription>,
  ): Promise<Stripe.Subscription> {
    const { sync } = this.#init
    const number = await sync.draw()
    const changed = await change()
    const next = await noted(() => sync.draw())
    const isAlone = next === number + 1 && !changed.items.has_more
    const isWritten = isAlone && (await noted(() => this.#write(reference, number, [changed])))
    if (isWritten) return changed
    return await this.one(reference, changed.id)
  }

  /** @returns whether the first one of them is in the store as it was fetched here */
  async #write(
    reference: string,
    number: number,
    found: readonly Stripe.Subscription[],
  ): Promise<boolean> {
    const subscriptions = found.map((one) => fetchedOf(one, one.id))
    const { change } = await this.#init.sync.note({ number, reference, subscriptions })
    const written = change?.after.subscriptions.find(({ id }) => id === found[0]?.id)
    return written?.fetch === number
  }
}

/** That a reference has no subscription with which this could be done. */
export function withoutSubscription(operation: string): BillingError {
  return new BillingError(`${operation} found no subscription for the reference`, {
    operation,
    code: 'not_found',
    retryable: false,
    outcome: 'none',
  })
}
