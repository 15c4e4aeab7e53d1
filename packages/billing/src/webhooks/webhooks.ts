import { expected } from '@yuzuru/concurrency/boundary'
import { throwIfCancelled } from '@yuzuru/concurrency'
import type { Stripe } from 'stripe'
import { BillingError, type BillingErrorCode } from '../billing-error.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { signatureFault } from './webhook-signature.ts'

/** Called once for each event. `tx` is the transaction in which the event's id is recorded. */
export type WebhookHandler<Tx, T> = (event: Stripe.Event, tx: Tx) => T | PromiseLike<T>

/** What came of a delivery. */
export type Received<T> =
  | { readonly event: Stripe.Event; readonly duplicate: true }
  | { readonly event: Stripe.Event; readonly duplicate: false; readonly value: T }

export interface WebhooksInit<Tx> {
  readonly store: BillingStore<Tx>
  readonly secrets: readonly string[]
  readonly toleranceMs: number
  readonly now: () => number
}

/** Verifies Stripe's webhooks, and handles each event once (https://docs.stripe.com/webhooks). */
export class Webhooks<Tx> {
  readonly #init: WebhooksInit<Tx>

  constructor(init: WebhooksInit<Tx>) {
    this.#init = init
  }

  /**
   * Checks that a delivery is signed by Stripe, and reads its event. It does not notice duplicates:
   * {@link receive} does.
   *
   * @param body the request's body byte for byte: not parsed and serialised again
   * @param signature the header `Stripe-Signature`
   * @throws {BillingError} `'invalid_signature'`: answer 400; `'invalid_payload'`
   */
  verify(body: string | Uint8Array, signature: string | null | undefined): Stripe.Event {
    const { secrets, toleranceMs, now } = this.#init
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
      throw expected('the raw body of the request', body)
    }
    if (secrets.length === 0) {
      throw new TypeError('Expected createBilling to have been given a webhookSecret, got none')
    }
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const fault = signatureFault(bytes, signature, secrets, { now: now(), toleranceMs })
    if (fault !== undefined) throw refused('invalid_signature', `its signature is ${fault}`)
    return parseEvent(bytes)
  }

  /**
   * Checks a delivery and calls `handler` once for its event, however often and in however many places
   * at once it arrives. When `handler` throws, the event stays unrecorded: answer 5xx and Stripe
   * delivers it again. Answer 2xx for a duplicate.
   *
   * @throws {BillingError} `'invalid_signature'`, `'invalid_payload'`
   * @throws what `handler` threw
   * @example
   * const { duplicate } = await billing.webhooks.receive(body, header, async (event, tx) => {
   *   const subscription = subscriptionOf(event)
   *   const at = new Date(event.created * 1_000)
   *   if (subscription !== undefined) await keepStatus(tx, subscription, at)
   * })
   */
  async receive<T>(
    body: string | Uint8Array,
    signature: string | null | undefined,
    handler: WebhookHandler<Tx, T>,
  ): Promise<Received<T>> {
    if (typeof handler !== 'function') {
      throw expected('handler to be a function', handler)
    }
    const event = this.verify(body, signature)
    throwIfCancelled()
    const { id, type } = event
    const record = { id, type, createdAt: event.created * 1_000 }
    const processed = await this.#init.store.processEvent(record, async (tx) => handler(event, tx))
    return { event, ...processed }
  }
}

function parseEvent(bytes: Uint8Array): Stripe.Event {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refused('invalid_payload', 'its body is not JSON')
  }
  if (!isEvent(value)) throw refused('invalid_payload', 'its body is not an event')
  return value
}

function isEvent(value: unknown): value is Stripe.Event {
  if (typeof value !== 'object' || value === null) return false
  const { id, object, type, created, data } = value as Partial<Record<string, unknown>>
  if (typeof id !== 'string' || !/^evt_\w{1,250}$/.test(id) || object !== 'event') return false
  if (typeof type !== 'string' || !Number.isSafeInteger(created)) return false
  return typeof data === 'object' && data !== null && 'object' in data
}

function refused(code: BillingErrorCode, reason: string): BillingError {
  return new BillingError(`The webhook was refused: ${reason}`, {
    operation: 'webhooks.receive',
    code,
    retryable: false,
    outcome: 'none',
  })
}
