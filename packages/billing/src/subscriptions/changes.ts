import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { Customers } from '../customers/customers.ts'
import { ofCustomer } from '../customers/fate.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { Keep } from '../status/plan-options.ts'
import { fetchedOf } from '../sync/fetched-subscription.ts'
import { hasEnded, isToEnd } from './billing-subscription.ts'
import { endSecond } from './end-second.ts'
import { type Fetches, withoutSubscription } from './fetches.ts'
import { bestOf, liveOf } from './live-subscription.ts'
import { type Change, changeParameters, type PlanPreview } from './plan-change.ts'
import { prorationDateOf } from './proration-date.ts'
import { previewParameters } from './preview-parameters.ts'
import { resumePaused } from './resume-paused.ts'
import { releaseAfter, withoutSchedule } from './schedules.ts'

/** When a subscription ends: with what is paid for, at once, or at a moment. */
export type CancelAt = 'period-end' | 'now' | Date

export interface ChangesInit {
  readonly calls: StripeCalls
  readonly customers: Customers
  readonly fetches: Fetches
  readonly store: Pick<BillingStore, 'chooseSubscription'>
  readonly now: () => number
}

/**
 * What is done to the live subscription of a reference. Each looks at Stripe first, so a repeat after a crash
 * finds what was done; and each writes down what Stripe answers.
 */
export class Changes {
  readonly #init: ChangesInit

  constructor(init: ChangesInit) {
    this.#init = init
  }

  /** The reference's best subscription that has not ended. @throws {BillingError} `'not_found'` */
  async live(operation: string, reference: string): Promise<Stripe.Subscription> {
    const live = liveOf(await this.#all(operation, reference))
    if (live !== undefined) return live
    throw withoutSubscription(operation)
  }

  async change(operation: string, reference: string, change: Change): Promise<Stripe.Subscription> {
    return await this.changeOf(operation, reference, await this.live(operation, reference), change)
  }

  /** Changes one that Stripe has just shown. */
  async changeOf(
    operation: string,
    reference: string,
    live: Stripe.Subscription,
    change: Change,
  ): Promise<Stripe.Subscription> {
    const parameters = changeParameters(operation, live, change)
    const changed =
      parameters === undefined ? live : await this.#update(reference, live, parameters)
    // A change of the quantity says nothing of the plan that a schedule is to change to.
    if (change.price === undefined) return changed
    return await releaseAfter(this.#init, reference, changed)
  }

  /** What a change would cost, from Stripe; nothing is changed. */
  async preview(operation: string, reference: string, change: Change): Promise<PlanPreview> {
    const live = await this.live(operation, reference)
    const prorationDate = prorationDateOf(live, change, this.#init.now())
    const changes = changeParameters(operation, live, { ...change, prorationDate }) ?? {}
    const parameters = previewParameters(live.id, changes)
    const call = {
      operation: 'invoices.createPreview',
      effect: 'read',
      answers: 'invoice',
    } as const
    const native = await this.#init.calls.run(call, (stripe, request) =>
      stripe.invoices.createPreview(parameters, request),
    )
    return { amountDue: native.amount_due, currency: native.currency, prorationDate, native }
  }

  /**
   * Plans the end of all that have not ended, or ends them: who cancels wants to pay for none, and a repeat must not
   * end more than the first call did. The best one is the last, and is what is returned.
   */
  async cancel(operation: string, reference: string, at: CancelAt): Promise<Stripe.Subscription> {
    const all = await this.#all(operation, reference)
    const best = liveOf(all)
    const others = all.filter((one) => one !== best && !hasEnded(one))
    for (const one of others) await this.#end(reference, one, at)
    if (best !== undefined) return await this.#end(reference, best, at)
    const ended = bestOf(all)
    if (ended !== undefined) return ended
    throw withoutSubscription(operation)
  }

  /** Ends one at once. @returns it as it is then */
  async end(reference: string, id: string): Promise<Stripe.Subscription> {
    const { calls, fetches } = this.#init
    const call = {
      operation: 'subscriptions.cancel',
      effect: 'idempotent',
      answers: 'subscription',
    } as const
    try {
      return await fetches.after(reference, () =>
        calls.run(call, (stripe, request) => stripe.subscriptions.cancel(id, {}, request)),
      )
    } catch (error) {
      if (!BillingError.isInstance(error) || error.code !== 'not_found') throw error
      // An attempt whose answer was lost has ended it.
      const current = await fetches.one(reference, id)
      if (hasEnded(current)) return current
      throw error
    }
  }

  /** Ends all live subscriptions of the reference but one, as Stripe shows them now. */
  async keepOne(reference: string, keep: Keep): Promise<void> {
    const { customers, fetches, store } = this.#init
    const customerId = await customers.find(reference)
    const own = customerId === undefined ? [] : await fetches.all(reference, customerId)
    const all = [...own, ...(await fetches.liveElsewhere(reference, customerId))]
    await endSecond(
      {
        choose: (ids) => store.chooseSubscription(reference, ids),
        look: async (id) => {
          const found = await fetches.ifThere(reference, id)
          return found === undefined ? undefined : fetchedOf(found, id)
        },
        end: (id) => this.end(reference, id),
      },
      all.map((one) => fetchedOf(one, one.id)),
      keep,
    )
  }

  /** Takes a planned end back, and has a paused subscription go on. */
  async resume(operation: string, reference: string): Promise<Stripe.Subscription> {
    const live = await this.live(operation, reference)
    const isHeld = live.pause_collection !== null
    const kept = await this.#goOn(reference, live, isHeld ? { pause_collection: '' } : {})
    return kept.status === 'paused' ? await resumePaused(this.#init, reference, kept) : kept
  }

  /** Takes the planned end of one back that Stripe has just shown, if there is one. */
  async goOn(reference: string, live: Stripe.Subscription): Promise<Stripe.Subscription> {
    return await this.#goOn(reference, live, {})
  }

  async #goOn(
    reference: string,
    live: Stripe.Subscription,
    other: Stripe.SubscriptionUpdateParams,
  ): Promise<Stripe.Subscription> {
    const isPlanned = isToEnd(live)
    const end = live.cancel_at_period_end ? NOT_AT_PERIOD_END : NOT_AT_A_DATE
    const change = isPlanned ? { ...other, ...end } : other
    if (Object.keys(change).length === 0) return live
    const update = (): Promise<Stripe.Subscription> => this.#update(reference, live, change)
    return isPlanned ? await withoutSchedule(this.#init, reference, live, update) : await update()
  }

  async #end(
    reference: string,
    live: Stripe.Subscription,
    at: CancelAt,
  ): Promise<Stripe.Subscription> {
    // One that waits for its first payment has no period to its end, and that of a paused one is over.
    const isOver = live.status === 'incomplete' || (live.status === 'paused' && at === 'period-end')
    if (at === 'now' || isOver) return await this.end(reference, live.id)
    const change =
      at === 'period-end'
        ? { cancel_at_period_end: true }
        : { cancel_at: Math.floor(at.getTime() / 1_000) }
    return await withoutSchedule(this.#init, reference, live, () =>
      this.#update(reference, live, change),
    )
  }

  async #update(
    reference: string,
    { id }: Stripe.Subscription,
    change: Stripe.SubscriptionUpdateParams,
  ): Promise<Stripe.Subscription> {
    const { calls, fetches } = this.#init
    const call = {
      operation: 'subscriptions.update',
      effect: 'idempotent',
      answers: 'subscription',
    } as const
    return await fetches.after(reference, () =>
      calls.run(call, (stripe, request) => stripe.subscriptions.update(id, change, request)),
    )
  }

  /** All of the reference's customer, and those that go on of a customer that it had before. */
  async #all(operation: string, reference: string): Promise<readonly Stripe.Subscription[]> {
    const { calls, customers, fetches } = this.#init
    const customerId = await customers.require(operation, reference)
    const all = await ofCustomer(calls, operation, customerId, [], () =>
      fetches.all(reference, customerId),
    )
    return [...all, ...(await fetches.liveElsewhere(reference, customerId))]
  }
}

const NOT_AT_PERIOD_END = { cancel_at_period_end: false }
const NOT_AT_A_DATE = { cancel_at: '' } as const
