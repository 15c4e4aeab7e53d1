import { hasMark, IoError, type IoErrorInit, mark } from '@yuzuru/concurrency'
import type { StatusCode } from '@yuzuru/concurrency/boundary'

/**
 * Why a billing call failed.
 *
 * Nothing has happened (outcome `none`):
 * - `'card_declined'`: the bank or Stripe refused the card (402); `declineCode` may say why.
 * - `'invalid_request'`: a parameter is wrong (400); `param` names it.
 * - `'unauthenticated'`: the secret key is not accepted (401).
 * - `'forbidden'`: the key may not do this (403).
 * - `'not_found'`: Stripe has no such object (404), or no customer is known for the reference.
 * - `'customer_deleted'`: the reference's customer was deleted in Stripe; `ensureCustomer` makes another.
 * - `'customer_unknown'`: Stripe never had the customer that the store names: the key is of another account
 *   or mode. Nothing is replaced.
 * - `'idempotency_conflict'`: an idempotency key was used with other values before.
 * - `'conflict'`: the same is under way elsewhere (409); wait and repeat.
 * - `'unsupported'`: the subscription has several prices and none was named, or waits for its first payment.
 * - `'precondition_failed'` (412): Stripe itself does not answer it today.
 * - `'rate_limited'`: too many requests (429); wait and repeat.
 * - `'connection_failed'`: no connection came about.
 * - `'overloaded'`: this process's queue for connections is full.
 * - `'acquire_timeout'`: no connection became free within `acquireTimeoutMs`.
 * - `'closed'`: `close()` was called before.
 * - `'already_subscribed'`: the reference has a subscription that has not ended.
 * - `'not_migrated'`: the tables of `kyselyBillingStore` are not there: run `billingMigrations` first.
 * - `'invalid_signature'`: a webhook is not signed by Stripe, or too old.
 * - `'invalid_payload'`: a webhook is signed but holds no event.
 *
 * It may have happened (outcome `unknown` for what changes something); repeating it is safe:
 * - `'connection_lost'`: the answer never came.
 * - `'timeout'`: something in front of Stripe waited too long (408).
 * - `'unavailable'`: Stripe, or something in front of it, failed (5xx).
 *
 * - `'unexpected'`: none of these; see {@link nativeErrorOf}.
 */
export type BillingErrorCode =
  | StatusCode
  | 'card_declined'
  | 'customer_deleted'
  | 'customer_unknown'
  | 'idempotency_conflict'
  | 'connection_failed'
  | 'overloaded'
  | 'acquire_timeout'
  | 'closed'
  | 'already_subscribed'
  | 'not_migrated'
  | 'invalid_signature'
  | 'invalid_payload'
  | 'connection_lost'

/** What Stripe's answer says beyond its status. */
export interface StripeDetails {
  /** Of Stripe's answer; `undefined` when none came. */
  readonly status?: number | undefined
  /** For Stripe's support and its dashboard: `req_…`. */
  readonly requestId?: string | undefined
  /** Stripe's own code: `'resource_missing'`, `'parameter_unknown'` … */
  readonly stripeCode?: string | undefined
  /** Why a card was declined: `'insufficient_funds'` … */
  readonly declineCode?: string | undefined
  /** The parameter that is wrong: `'line_items[0][price]'`. */
  readonly param?: string | undefined
  /** Whether Stripe gave an answer again that it had stored for the attempt's key. */
  readonly replayed?: boolean | undefined
}

/** What a {@link BillingError} is made of. */
export interface BillingErrorInit extends Omit<IoErrorInit, 'boundary' | 'code'>, StripeDetails {
  readonly code: BillingErrorCode
}

/**
 * A failure at Stripe, or on the way there. It quotes none of Stripe's prose, which repeats what was sent:
 * no address, nothing of a card and no key is in it. `nativeErrorOf(error)` gives stripe-node's error.
 *
 * @example
 * catch (error) {
 *   if (BillingError.isInstance(error) && error.code === 'card_declined') return askForAnotherCard()
 *   throw error
 * }
 */
export class BillingError extends IoError implements StripeDetails {
  declare readonly code: BillingErrorCode
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly stripeCode: string | undefined
  readonly declineCode: string | undefined
  readonly param: string | undefined
  readonly replayed: boolean

  static {
    mark(this.prototype, 'BillingError')
  }

  constructor(message: string, init: BillingErrorInit) {
    super(message, { ...init, boundary: 'billing' })
    this.status = init.status
    this.requestId = init.requestId
    this.stripeCode = init.stripeCode
    this.declineCode = init.declineCode
    this.param = init.param
    this.replayed = init.replayed ?? false
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is BillingError {
    return hasMark(value, 'BillingError')
  }
}
