import { randomUUID } from 'node:crypto'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { Customers } from '../customers/customers.ts'
import { Turns } from '../customers/turns.ts'
import type { WhenShort } from '../status/plan-options.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { noted } from '../stores/noted.ts'
import type { CheckoutClaim, CheckoutRecord } from '../stores/checkout-record.ts'
import { isWithoutCustomer } from '../customers/fate.ts'
import type { BillingSubscription } from '../subscriptions/billing-subscription.ts'
import type { Fetches } from '../subscriptions/fetches.ts'
import { liveOf } from '../subscriptions/live-subscription.ts'
import type { CheckoutInput } from './checkout-input.ts'
import { askedOf, sessionParameters } from './session-parameters.ts'
import { sessionOf, type Sessions } from './sessions.ts'
import { checkoutTrialEnd } from './trial.ts'

/*
 * One open session or one live subscription a reference:
 *
 * 1. The checkout is claimed in the store, with a new idempotency key and what will be sent; or the claim that
 *    stands is taken over, whoever made it.
 * 2. Only then is Stripe asked what the customer has: whatever was opened under an earlier claim is seen. The
 *    sessions come first: one that is completed meanwhile shows up among the subscriptions.
 * 3. A live subscription ends it. Sessions of earlier claims are expired: nobody has been sent there, or has
 *    asked for something else since.
 * 4. The session of the claim is opened under its key, by as many callers as there are: each gets the same.
 *    Who asks for something else gets it too, and expires it before the claim goes.
 *
 * A claim goes by compare and set only, and only when no session of it can be open. Wherever that breaks off,
 * the next call begins at 1 again.
 *
 * In its last round a call leaves what others have asked for alone. So whoever ends a page begins anew after it,
 * and when all have returned there is a page, however often they have overtaken each other.
 */

/** How long a key is trusted, in milliseconds: Stripe may forget it after 24 hours. */
const KEY_LIFE_MS = 23 * 3_600_000

/** How often one call begins anew: others have asked for something else, or keys have led nowhere. */
const MAX_ROUNDS = 8

/** A hosted page where the customer subscribes. */
export interface CheckoutPage {
  readonly kind: 'page'
  /** Where to send the person. */
  readonly url: string
  readonly sessionId: string
}

/** There was a subscription already: it has the price and quantity now, and no planned end. */
export interface CheckoutChange {
  readonly kind: 'changed'
  readonly subscription: BillingSubscription
}

export interface CheckoutsInit {
  readonly app: string | undefined
  readonly store: BillingStore
  readonly customers: Customers
  readonly fetches: Fetches
  readonly sessions: Sessions
  readonly whenShort: WhenShort
  readonly now: () => number
}

/** What the call wants, and of whom. */
interface Asking {
  readonly reference: string
  readonly input: CheckoutInput
  readonly asked: string
  readonly customerId: string
  readonly trialEndsAt: number | undefined
  /** No round comes after this one, so what others have asked for stays. */
  readonly isLast: boolean
}

export class Checkouts {
  readonly #init: CheckoutsInit
  /** Within this process callers take turns: the first one opens the page, the others find it. */
  readonly #turns = new Turns()

  constructor(init: CheckoutsInit) {
    this.#init = init
  }

  /** The page, or the subscription that there is already. */
  async open(reference: string, input: CheckoutInput): Promise<CheckoutPage | Stripe.Subscription> {
    const { customers, fetches } = this.#init
    return await this.#turns.take(reference, async () => {
      const { trialEndsAt } = await fetches.account(reference)
      for (let round = 1; round <= MAX_ROUNDS; round += 1) {
        const found = await customers.use('checkout', reference, input.customer, (customerId) => {
          const asked = askedOf(input, customerId)
          const isLast = round === MAX_ROUNDS
          return this.#round({ reference, input, asked, customerId, trialEndsAt, isLast })
        })
        if (found !== undefined) return found
      }
      throw overtaken()
    })
  }

  /** @returns `undefined` when something has changed meanwhile: it is to be begun anew */
  async #round(asking: Asking): Promise<CheckoutPage | Stripe.Subscription | undefined> {
    const { store, sessions, customers } = this.#init
    const { reference, asked, customerId } = asking
    const fresh = this.#claim(asking)
    const record = await store.beginCheckout(reference, fresh)
    const { idempotencyKey: key } = record.claim
    // A customer that was replaced meanwhile must not end the session of the one after it.
    const isOthers = key !== fresh.idempotencyKey
    if (isOthers && (await customers.find(reference)) !== customerId) return undefined
    const open = await sessions.open(customerId)
    const live = await this.#live(asking)
    const mine = open.find(({ id }) => id === record.session?.id) ?? sessionOf(open, key)
    const isWanted = live === undefined && record.claim.asked === asked
    if (asking.isLast && live === undefined && !isWanted) return undefined
    for (const session of open) {
      if (session === mine && isWanted) continue
      if ((await sessions.expire(session.id)) === 'complete') return undefined
    }
    if (live !== undefined) {
      await this.#drop(reference, key)
      return live
    }
    if (mine !== undefined && isWanted) return await this.#note(reference, key, mine)
    const session = mine === undefined ? await this.#sessionOf(record, fresh) : undefined
    if (session?.status === 'open' && isWanted) return await this.#note(reference, key, session)
    if (session?.status === 'open') await sessions.expire(session.id)
    await this.#drop(reference, key)
    return undefined
  }

  /** The session of a claim, which is not among the customer's open ones; it is opened if it may be missing. */
  async #sessionOf(
    record: CheckoutRecord,
    fresh: CheckoutClaim,
  ): Promise<Stripe.Checkout.Session | undefined> {
    const { now, sessions } = this.#init
    if (record.session === undefined) {
      const isOld = now() - record.claim.startedAt > KEY_LIFE_MS
      return isOld ? undefined : await this.#create(record, fresh)
    }
    // It may be that of a customer whom the reference had before.
    if (record.session.expiresAt > now()) await sessions.expire(record.session.id)
    return undefined
  }

  /** The subscription that has not ended; also one of a customer that the reference had before. */
  async #live({ reference, customerId }: Asking): Promise<Stripe.Subscription | undefined> {
    const { fetches } = this.#init
    const live = liveOf(await fetches.all(reference, customerId))
    return live ?? liveOf(await fetches.liveElsewhere(reference, customerId))
  }

  /** Opens the claim's session. @returns `undefined` when its key leads nowhere and nothing is open under it */
  async #create(
    { reference, claim }: CheckoutRecord,
    fresh: CheckoutClaim,
  ): Promise<Stripe.Checkout.Session | undefined> {
    const { sessions } = this.#init
    const { idempotencyKey: key } = claim
    const parameters = JSON.parse(claim.parameters) as Stripe.Checkout.SessionCreateParams
    try {
      return await sessions.create(key, parameters)
    } catch (error) {
      if (!BillingError.isInstance(error)) throw error
      if (isUsedUp(error)) return await this.#lookFor(key, String(parameters.customer), error)
      if (!isRefused(error)) throw error
      // What an earlier call asked for is refused, or has become wrong since.
      if (key !== fresh.idempotencyKey) return undefined
      await this.#drop(reference, key)
      throw error
    }
  }

  /** The session that a key has opened although it gives no answer. @throws `reason` when Stripe can't say */
  async #lookFor(
    key: string,
    customerId: string,
    reason: BillingError,
  ): Promise<Stripe.Checkout.Session | undefined> {
    try {
      return sessionOf(await this.#init.sessions.open(customerId), key)
    } catch (error) {
      // That it can't be looked up does not say that nothing was opened.
      throw BillingError.isInstance(error) ? reason : error
    }
  }

  /** @returns `undefined` when another claim stands by now, whose maker has expired this session */
  async #note(
    reference: string,
    key: string,
    { id, url, expires_at: expiresAt }: Stripe.Checkout.Session,
  ): Promise<CheckoutPage | undefined> {
    if (url === null) return undefined
    const session = { id, url, expiresAt: expiresAt * 1_000 }
    const { store } = this.#init
    const standing = await noted(() => store.settleCheckout(reference, key, session))
    if (standing?.claim.idempotencyKey !== key) return undefined
    return { kind: 'page', url, sessionId: id }
  }

  async #drop(reference: string, key: string): Promise<void> {
    await noted(() => this.#init.store.replaceCheckout(reference, key, undefined))
  }

  #claim(asking: Asking): CheckoutClaim {
    const { app, whenShort, now } = this.#init
    const startedAt = now()
    const idempotencyKey = `yuzuru-checkout-${randomUUID()}`
    const trialEnd = checkoutTrialEnd(asking.trialEndsAt, whenShort, startedAt)
    const parameters = sessionParameters(asking.input, { ...asking, app, idempotencyKey, trialEnd })
    return {
      idempotencyKey,
      asked: asking.asked,
      parameters: JSON.stringify(parameters),
      startedAt,
    }
  }
}

function overtaken(): BillingError {
  return new BillingError(
    'checkout was overtaken again and again by others for the same reference: call it again',
    { operation: 'checkout', code: 'conflict', retryable: true, outcome: 'unknown' },
  )
}

/**
 * Whether the key will not lead to an answer any more: Stripe has stored a failure of its own for it, or
 * something else was sent with it. A session may have been opened all the same.
 */
function isUsedUp({ code, replayed, status = 0 }: BillingError): boolean {
  return code === 'idempotency_conflict' || (replayed && status >= 500)
}

/** Whether Stripe has opened nothing, and never will for these parameters. */
function isRefused(error: BillingError): boolean {
  if (error.outcome !== 'none') return false
  return isWithoutCustomer(error) || error.code === 'invalid_request' || error.code === 'not_found'
}
