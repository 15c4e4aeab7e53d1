import { isDeepStrictEqual } from 'node:util'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { FetchedSubscription, SubscriptionRecord } from '../stores/account-record.ts'
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

/** One comparison of all that goes on here and at Stripe. Where it breaks off, the next one begins anew. */
export class Reconciliation<Tx> {
  readonly #init: ReconciliationInit<Tx>
  readonly #seen = new Set<string>()
  readonly #drift: Drift[] = []
  /** How many living subscriptions of each reference were as the store has them. */
  readonly #living = new Map<string, number>()

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
    const { change } = await sync.apply(number, fetched)
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
      if (count > 1) await this.#init.sync.keep(reference)
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
    try {
      const { change } = await this.#init.sync.one(id, undefined)
      const is = change?.after.subscriptions.find((one) => one.id === id)
      if (is !== undefined && !isDeepStrictEqual(factsOf(record), factsOf(is))) {
        this.#noteChange(record, is)
      }
    } catch (error) {
      // Of one that belongs to another account or mode nothing is written, and the others go on.
      if (!BillingError.isInstance(error) || error.code !== 'customer_unknown') throw error
      this.#note({ kind: 'customer_unknown', reference, id, was: status, is: undefined })
    }
  }

  async #noticeTrials(): Promise<void> {
    const { store, listeners, now } = this.#init
    if (!listeners.has('trial_ending')) return
    const at = now()
    const page = { after: at, before: at + TRIAL_NOTICE_MS, limit: PAGE }
    for (let found = PAGE; found === PAGE;) {
      const references = await store.listTrialsEnding(page)
      for (const reference of references) {
        await store.noticeTrial(reference, listeners.ofTrial(at))
      }
      found = references.length
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
