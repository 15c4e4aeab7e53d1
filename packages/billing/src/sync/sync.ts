import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { referenceNamed } from '../customers/named-reference.ts'
import type { BillingStatus } from '../status/billing-status.ts'
import type { Listeners } from '../status/listeners.ts'
import type { ReceivedEvent } from '../status/notice.ts'
import { problemsOf } from '../status/problems-of.ts'
import type { Plan } from '../status/plan-options.ts'
import { readStatus, trialEndOf } from '../status/read-status.ts'
import { statusOf } from '../status/status-of.ts'
import { isLive } from '../status/subscription-state.ts'
import type {
  AccountChange,
  AccountRecord,
  EventRecord,
  FetchWritten,
  SubscriptionRecord,
} from '../stores/account-record.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { idOf } from '../stripe/id-of.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { fetchSubscription, fetchSubscriptionsOf } from './fetch-subscriptions.ts'
import type { ShownSubscription } from './fetched-subscription.ts'
import type { SessionOfReference } from './sync-input.ts'
import { type ThinSubject, thinSubject } from './thin-subject.ts'

/** What a {@link Sync} is made of. */
export interface SyncInit<Tx> {
  /** The app's name, when several share one account of Stripe's. */
  readonly app: string | undefined
  readonly calls: StripeCalls
  readonly store: BillingStore<Tx>
  readonly plan: Plan
  readonly now: () => number
  readonly listeners: Listeners<Tx>
  /** Ends all live subscriptions of a reference but one; called when there are two. @default both stay */
  readonly keepOne?: ((reference: string) => Promise<void>) | undefined
}

/** What was fetched, and the number that was drawn before. */
interface Fetched {
  readonly number: number
  readonly reference: string | undefined
  readonly event: ReceivedEvent | undefined
  readonly subscriptions: readonly ShownSubscription[]
}

/**
 * Writes down what Stripe says. Each fetch draws a number before Stripe is asked, and its write stands only
 * where no fetch drawn later has written: no lock is held while Stripe is asked, and an older answer never
 * replaces a newer one. Whatever breaks off in between has changed nothing, and may be repeated.
 */
export class Sync<Tx> {
  readonly #init: SyncInit<Tx>

  constructor(init: SyncInit<Tx>) {
    this.#init = init
  }

  /** All subscriptions of a reference: those of its customer, and living ones that its rows name besides. */
  async reference(reference: string): Promise<BillingStatus> {
    const { calls, store } = this.#init
    const { number } = await store.drawFetch(undefined)
    const customerId = (await store.findCustomer(reference))?.customerId
    const subscriptions =
      customerId === undefined ? [] : await fetchSubscriptionsOf(calls, customerId)
    const written = await this.#write({ number, reference, event: undefined, subscriptions })
    const isChanged = await this.#keepOne(written)
    const { change } = written
    const seen = new Set(subscriptions.map(({ id }) => id))
    const others = (change?.after.subscriptions ?? []).filter(
      (record) => isLive(record) && !seen.has(record.id),
    )
    for (const { id } of others) await this.one(id, undefined)
    if (others.length > 0 || isChanged || change === undefined)
      return await readStatus(this.#init, reference)
    return statusOf(change.after, this.#init.plan, this.#init.now())
  }

  /** What a checkout has led to. */
  async session({ sessionId, reference }: SessionOfReference): Promise<BillingStatus> {
    const call = {
      operation: 'checkout.sessions.retrieve',
      effect: 'read',
      answers: 'checkout.session',
    } as const
    const session = await this.#init.calls.run(call, (stripe, request) =>
      stripe.checkout.sessions.retrieve(sessionId, {}, request),
    )
    const owner = await this.#ownerOf(session)
    if (owner === undefined || (reference !== undefined && reference !== owner)) {
      throw new BillingError('sync found that the session is not of the reference', {
        operation: 'sync',
        code: 'not_found',
        retryable: false,
        outcome: 'none',
      })
    }
    const status = await this.reference(owner)
    const id = idOf(session.subscription)
    if (id === undefined || status.subscriptions.some((one) => one.id === id)) return status
    await this.one(id, undefined)
    return await readStatus(this.#init, owner)
  }

  /**
   * One subscription, because of an event or without one. An event that was marked before is not asked for
   * again: what was written then was fetched after it had happened.
   */
  async one(id: string, event: ReceivedEvent | undefined): Promise<FetchWritten> {
    const { calls, store } = this.#init
    const { number, duplicate } = await store.drawFetch(event?.id)
    if (duplicate) {
      await this.#keepOneOf(id)
      return { duplicate, change: undefined }
    }
    const known = (): Promise<SubscriptionRecord | undefined> => store.findSubscription(id)
    const fetched = await fetchSubscription(calls, id, { known, event })
    const written = await this.#write({
      number,
      reference: undefined,
      event,
      subscriptions: fetched === undefined ? [] : [fetched],
    })
    await this.#keepOne(written)
    return written
  }

  /** What a thin event is about, as far as it may belong to a subscription. */
  async subject(of: ThinSubject): Promise<unknown> {
    return await thinSubject(this.#init.calls, of)
  }

  /** Marks an event that is about no subscription. */
  async mark(event: ReceivedEvent): Promise<FetchWritten> {
    const { number, duplicate } = await this.#init.store.drawFetch(event.id)
    if (duplicate) return { duplicate, change: undefined }
    return await this.#write({ number, reference: undefined, event, subscriptions: [] })
  }

  /** Writes down what a list showed, for which `number` was drawn before. */
  async apply(number: number, fetched: ShownSubscription): Promise<FetchWritten> {
    const written = await this.#write({
      number,
      reference: undefined,
      event: undefined,
      subscriptions: [fetched],
    })
    await this.#keepOne(written)
    return written
  }

  /** The account of a reference; the first look makes it, and starts the app's own trial. */
  async account(reference: string): Promise<AccountRecord> {
    const { store, plan, now } = this.#init
    const at = now()
    return await store.openAccount(reference, { now: at, trialEndsAt: trialEndOf(plan, at) })
  }

  /** Ends a second subscription that an earlier write has shown: what was to end it may have failed then. */
  async keep(reference: string): Promise<void> {
    const { keepOne } = this.#init
    if (keepOne === undefined) return
    const { subscriptions } = await this.account(reference)
    if (subscriptions.filter(isLive).length > 1) await keepOne(reference)
  }

  /** Draws the number of a fetch, before Stripe is asked. */
  async draw(): Promise<number> {
    return (await this.#init.store.drawFetch(undefined)).number
  }

  /** Writes down what a verb has seen of a reference's subscriptions. */
  async note(fetched: Omit<Fetched, 'event'>): Promise<FetchWritten> {
    return await this.#write({ ...fetched, event: undefined })
  }

  async #write({ event, ...fetched }: Fetched): Promise<FetchWritten> {
    const { app, store, plan, listeners } = this.#init
    const now = this.#init.now()
    // What another app on the account has named is nobody's here, unless its customer is.
    const subscriptions = fetched.subscriptions.map(({ namedApp, ...one }) =>
      namedApp === app ? one : { ...one, namedReference: undefined },
    )
    const trialEndsAt = trialEndOf(plan, now)
    const write = { ...fetched, subscriptions, now, trialEndsAt, event: recordOf(event) }
    const written = await store.writeFetch(write, listeners.ofWrite(event, now))
    if (written.change !== undefined) this.#report(written.change)
    return written
  }

  /** @returns whether a second subscription was ended, after the write that showed it */
  async #keepOne({ change }: FetchWritten): Promise<boolean> {
    const { keepOne } = this.#init
    if (keepOne === undefined || change === undefined) return false
    if (change.after.subscriptions.filter(isLive).length < 2) return false
    await keepOne(change.after.reference)
    return true
  }

  /** The same for whom a subscription belongs to, as far as the store knows. */
  async #keepOneOf(id: string): Promise<void> {
    const { keepOne, store } = this.#init
    if (keepOne === undefined) return
    const record = await store.findSubscription(id)
    if (record !== undefined) await this.keep(record.reference)
  }

  #report(change: AccountChange): void {
    const { plan } = this.#init
    for (const problem of problemsOf(change, plan)) plan.report(problem)
  }

  /** Whose session it is: its customer's, else the one it was opened for. */
  async #ownerOf({ customer, metadata }: Stripe.Checkout.Session): Promise<string | undefined> {
    const customerId = idOf(customer)
    const owner =
      customerId === undefined ? undefined : await this.#init.store.findReference(customerId)
    return owner ?? referenceNamed(this.#init.app, metadata)
  }
}

function recordOf(event: ReceivedEvent | undefined): EventRecord | undefined {
  if (event === undefined) return undefined
  const { native: _, ...record } = event
  return record
}
