import { isDeepStrictEqual } from 'node:util'
import { Cancelled } from '@yuzuru/concurrency'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { FetchedSubscription, SubscriptionRecord } from '../stores/account-record.ts'
import { codeOf } from '../status/billing-problem.ts'
import { isLive } from '../status/subscription-state.ts'
import { fetchPage } from './fetch-subscriptions.ts'
import type { Drift, Reconciled } from './reconciled.ts'
import type { Sync, SyncInit } from './sync.ts'

const PAGE = 100
const TRIAL_NOTICE_MS = 3 * 86_400_000

/** What {@link Reconciliation} needs beside what a {@link Sync} is made of. */
export interface ReconciliationInit<Tx> extends SyncInit<Tx> {
  readonly sync: Sync<Tx>
  /** In milliseconds since 1970. */
  readonly since: number
  readonly onDrift: (drift: Drift) => void
}

/**
 * One comparison of all that goes on here and at Stripe. Where it breaks off, the next one begins anew. What fails of one
 * subscription alone (a handler of the app, say) does not hold up the others: it is reported, and thrown at the end.
 */
export class Reconciliation<Tx> {
  readonly #init: ReconciliationInit<Tx>
  readonly #seen = new Set<string>()
  readonly #drift: Drift[] = []
  /** How many living subscriptions of each reference were as the store has them. */
  readonly #living = new Map<string, number>()
  /** What failed alone, by the id of what it was about. */
  readonly #failures = new Map<string, unknown>()

  constructor(init: ReconciliationInit<Tx>) {
    this.#init = init
  }

  async run(): Promise<Reconciled> {
    await this.#fromStripe({})
    const since = Math.floor(this.#init.since / 1_000)
    await this.#fromStripe({ status: 'canceled', created: { gte: since } })
    await this.#fromStore()
    await this.#keepOne()
    await this.#noticeTrials()
    for (const error of this.#failures.values()) throw error
    return { checked: this.#seen.size, drift: this.#drift }
  }

  /** What Stripe has, and the store has not or has differently. */
  async #fromStripe(filter: Stripe.SubscriptionListParams): Promise<void> {
    const { calls, store } = this.#init
    for (let after: string | undefined; ;) {
      const { number } = await store.drawFetch(undefined)
      const page = await fetchPage(calls, { ...filter, limit: PAGE }, after)
      for (const fetched of page.subscriptions) await this.#compare(fetched, number)
      after = page.subscriptions.at(-1)?.id
      if (!page.hasMore || after === undefined) return
    }
  }

  async #compare(fetched: FetchedSubscription, number: number): Promise<void> {
    const { store, sync } = this.#init
    const { id } = fetched
    this.#seen.add(id)
    const record = await store.findSubscription(id)
    const owner = await store.findReference(fetched.customerId)
    const isOwners = owner === undefined || owner === record?.reference
    if (record !== undefined && isOwners && isDeepStrictEqual(factsOf(record), factsOf(fetched))) {
      const { reference } = record
      if (isLive(record)) this.#living.set(reference, (this.#living.get(reference) ?? 0) + 1)
      return
    }
    const written = await this.#alone(id, () => sync.apply(number, fetched))
    if (written === undefined) return
    const { change } = written
    const [was, is] = [change?.before, change?.after].map((account) =>
      account?.subscriptions.find((one) => one.id === id),
    )
    if (is === undefined) {
      this.#note({ kind: 'stranger', reference: undefined, id, was: undefined, is: fetched.status })
    } else if (!isDeepStrictEqual(was && factsOf(was), factsOf(is))) {
      this.#noteChange(was ?? record, is)
    }
  }

  /** A second subscription that the store knows, too: what was to end it may have failed. */
  async #keepOne(): Promise<void> {
    for (const [reference, count] of this.#living) {
      if (count > 1) await this.#alone(reference, () => this.#init.sync.keep(reference))
    }
  }

  /** What goes on in the store, and Stripe has not listed: it has ended, or is no more. */
  async #fromStore(): Promise<void> {
    const { store } = this.#init
    for (let after: string | undefined; ;) {
      const page = await store.listSubscriptions({ after, limit: PAGE })
      for (const record of page) if (!this.#seen.has(record.id)) await this.#refresh(record)
      after = page.at(-1)?.id
      if (page.length < PAGE) return
    }
  }

  async #refresh(record: SubscriptionRecord): Promise<void> {
    const { id, reference, status } = record
    this.#seen.add(id)
    const written = await this.#alone(id, async () => {
      try {
        return await this.#init.sync.one(id, undefined)
      } catch (error) {
        // Of one that belongs to another account or mode nothing is written.
        if (!BillingError.isInstance(error) || error.code !== 'customer_unknown') throw error
        return 'customer_unknown' as const
      }
    })
    if (written === 'customer_unknown') {
      this.#note({ kind: written, reference, id, was: status, is: undefined })
    }
    if (written === undefined || written === 'customer_unknown') return
    const is = written.change?.after.subscriptions.find((one) => one.id === id)
    if (is !== undefined && !isDeepStrictEqual(factsOf(record), factsOf(is))) {
      this.#noteChange(record, is)
    }
  }

  async #noticeTrials(): Promise<void> {
    const { store, listeners, now } = this.#init
    if (!listeners.has('trial_ending')) return
    const at = now()
    const failed = new Set<string>()
    for (;;) {
      // Those that have failed are listed again, and take nobody's place.
      const limit = PAGE + failed.size
      const page = { after: at, before: at + TRIAL_NOTICE_MS, limit }
      const references = await store.listTrialsEnding(page)
      for (const reference of references) {
        if (failed.has(reference)) continue
        const notice = (): Promise<boolean> => store.noticeTrial(reference, listeners.ofTrial(at))
        const isNoticed = await this.#alone(reference, notice)
        if (isNoticed === undefined) failed.add(reference)
      }
      if (references.length < limit) return
    }
  }

  /**
   * Calls `fn`, which is about one of many.
   *
   * @returns `undefined` when it has failed, and the others may go on
   * @throws what would hold up the others, too: a cancel, and a failure of Stripe's that may pass
   */
  async #alone<T>(id: string, fn: () => Promise<T>): Promise<T | undefined> {
    try {
      return await fn()
    } catch (error) {
      const isForAll = BillingError.isInstance(error) && error.retryable
      if (isForAll || Cancelled.isInstance(error)) throw error
      this.#failures.set(id, error)
      const { report } = this.#init.plan
      report({ kind: 'reconcile_failed', id, detail: codeOf(error), error })
      return undefined
    }
  }

  #noteChange(was: SubscriptionRecord | undefined, is: SubscriptionRecord): void {
    const kind = was === undefined ? 'missing' : 'changed'
    this.#note({ kind, reference: is.reference, id: is.id, was: was?.status, is: is.status })
  }

  #note(drift: Drift): void {
    this.#drift.push(drift)
    this.#init.onDrift(drift)
  }
}

/** What Stripe says, without what is ours. */
function factsOf(it: FetchedSubscription | SubscriptionRecord): unknown {
  const { id, customerId, status, paused, createdAt, periodEndsAt, trialEndsAt, endsAt } = it
  const items = it.items.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return [id, customerId, status, paused, createdAt, periodEndsAt, trialEndsAt, endsAt, items]
}
