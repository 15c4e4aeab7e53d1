import { randomUUID } from 'node:crypto'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { noted } from '../stores/noted.ts'
import type { CustomerIntent, CustomerRecord } from '../stores/customer-record.ts'
import { type CustomerDetails, customerParameters, type CustomerInput } from './customer-input.ts'
import { fateOf, isWithoutCustomer, withoutCustomer } from './fate.ts'
import { referenceNamed } from './named-reference.ts'
import { whileInUse } from '../stripe/in-use.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { Turns } from './turns.ts'

/**
 * How long a key is trusted, in milliseconds: Stripe may forget it after 24 hours, and a request takes
 * a while. Source: https://docs.stripe.com/api/idempotent_requests
 */
const KEY_LIFE_MS = 23 * 3_600_000

/** How often a key is given up within one call. */
const MAX_KEYS = 3

export interface CustomersInit {
  readonly app: string | undefined
  readonly calls: StripeCalls
  readonly store: BillingStore
  readonly now: () => number
}

/**
 * One customer for each reference. The intent is written down first, with a key that stays the same;
 * then the customer is made with that key; then its id is noted. Wherever that breaks off, the next
 * call goes on from what was written down.
 */
export class Customers {
  readonly #init: CustomersInit
  /** Within this process callers take turns: the first one makes the customer, the others find it. */
  readonly #turns = new Turns()

  constructor(init: CustomersInit) {
    this.#init = init
  }

  /** The id of the reference's customer, which is made if there is none. */
  async ensure(input: CustomerInput): Promise<string> {
    return await this.#turns.take(input.reference, () => this.#settle(input))
  }

  /** @throws {BillingError} `'not_found'` when no customer was ever made for the reference */
  async require(operation: string, reference: string): Promise<string> {
    const customerId = await this.find(reference)
    if (customerId !== undefined) return customerId
    throw new BillingError(`${operation} found no customer for the reference: ensure one first`, {
      operation,
      code: 'not_found',
      retryable: false,
      outcome: 'none',
    })
  }

  async find(reference: string): Promise<string | undefined> {
    const record = await this.#init.store.findCustomer(reference)
    return record?.customerId
  }

  /**
   * Calls `fn` with the reference's customer. When Stripe turns out to have deleted it, that is noted, and
   * `fn` is called once more with another one if `details` say how to make it.
   *
   * @throws {BillingError} `'customer_deleted'` without `details`; `'customer_unknown'` when Stripe never had
   *   the customer: it is another account's or mode's, and its successor would be a second one
   */
  async use<T>(
    operation: string,
    reference: string,
    details: CustomerDetails | undefined,
    fn: (customerId: string) => Promise<T>,
  ): Promise<T> {
    for (let isAgain = false; ; isAgain = true) {
      const customerId = await this.#of(operation, reference, details)
      try {
        return await fn(customerId)
      } catch (error) {
        if (!isWithoutCustomer(error)) throw error
        await this.#expectDeleted(operation, reference, customerId, error)
        if (details === undefined || isAgain) throw withoutCustomer(operation, 'deleted')
      }
    }
  }

  #of(operation: string, reference: string, details: CustomerDetails | undefined): Promise<string> {
    if (details === undefined) return this.require(operation, reference)
    return this.ensure({ ...details, reference })
  }

  /** Forgets a customer that was deleted; of several callers that find it so each forgets that one only. */
  async #expectDeleted(
    operation: string,
    reference: string,
    customerId: string,
    error: unknown,
  ): Promise<void> {
    const fate = await fateOf(this.#init.calls, customerId)
    if (fate === 'present') throw error
    if (fate === 'unknown') throw withoutCustomer(operation, fate)
    await this.#init.store.replaceCustomer(reference, customerId, undefined)
  }

  async #settle(input: CustomerInput): Promise<string> {
    return await whileInUse(async () => {
      let record = await this.#begin(input)
      for (let keys = 1; keys <= MAX_KEYS; keys += 1) {
        if (record.customerId !== undefined) return record.customerId
        const intent = expectIntent(record)
        const made = await this.#make(input, intent, keys < MAX_KEYS)
        if (made !== undefined) return await this.#note(input.reference, made)
        const { store } = this.#init
        const next = await store.replaceIntent(
          input.reference,
          intent.idempotencyKey,
          this.#intentOf(input),
        )
        record = next ?? (await this.#begin(input))
      }
      if (record.customerId !== undefined) return record.customerId
      throw new BillingError(
        `ensureCustomer gave up ${MAX_KEYS} keys, each of which led nowhere: call it again`,
        { operation: 'ensureCustomer', code: 'conflict', retryable: true, outcome: 'unknown' },
      )
    })
  }

  #begin(input: CustomerInput): Promise<CustomerRecord> {
    return this.#init.store.beginCustomer(input.reference, this.#intentOf(input))
  }

  #intentOf(input: CustomerInput): CustomerIntent {
    return {
      idempotencyKey: `yuzuru-customer-${randomUUID()}`,
      parameters: customerParameters(this.#init.app, input),
      startedAt: this.#init.now(),
    }
  }

  /** @returns `undefined` when the intent's key has no use any more and nothing was made with it */
  async #make(
    input: CustomerInput,
    intent: CustomerIntent,
    mayGiveUpKey: boolean,
  ): Promise<string | undefined> {
    const parameters = JSON.parse(intent.parameters) as Stripe.CustomerCreateParams
    if (this.#init.now() - intent.startedAt > KEY_LIFE_MS) {
      return await this.#lookUp(input.reference, parameters.email)
    }
    try {
      return await this.#create(intent, parameters)
    } catch (error) {
      if (!BillingError.isInstance(error)) throw error
      if (isUsedUp(error)) {
        const found = await this.#lookUp(input.reference, parameters.email)
        if (found !== undefined || mayGiveUpKey) return found
      }
      const refused = error.code === 'invalid_request' && error.outcome === 'none'
      if (!refused) throw error
      // An earlier call's values were wrong: these may be right.
      if (mayGiveUpKey && intent.parameters !== customerParameters(this.#init.app, input))
        return undefined
      const { store } = this.#init
      await noted(() => store.replaceIntent(input.reference, intent.idempotencyKey, undefined))
      throw error
    }
  }

  async #create(intent: CustomerIntent, parameters: Stripe.CustomerCreateParams): Promise<string> {
    const { idempotencyKey } = intent
    const call = {
      operation: 'customers.create',
      effect: 'idempotent',
      idempotencyKey,
      answers: 'customer',
      isFoundAgain: true,
    } as const
    const customer = await this.#init.calls.run(call, (stripe, request) =>
      stripe.customers.create(parameters, request),
    )
    return customer.id
  }

  async #lookUp(reference: string, email: string | undefined): Promise<string | undefined> {
    const call = { operation: 'customers.list', effect: 'read' } as const
    return await this.#init.calls.run(call, async (stripe, request) => {
      const filter = { ...(email === undefined ? {} : { email }), limit: 100 }
      for await (const { id, metadata } of stripe.customers.list(filter, request)) {
        if (referenceNamed(this.#init.app, metadata) === reference) return id
      }
      return undefined
    })
  }

  /** Stripe has made it: that is noted although the caller may have given up. */
  async #note(reference: string, customerId: string): Promise<string> {
    return await noted(() => this.#init.store.settleCustomer(reference, customerId))
  }
}

function expectIntent(record: CustomerRecord): CustomerIntent {
  if (record.intent !== undefined) return record.intent
  throw new TypeError('Expected the store to give an intent or a customer, got neither')
}

/**
 * Whether the key will not lead to a customer any more: Stripe has stored a failure of its own for it,
 * or something else was sent with it (by another version of this package, say).
 */
function isUsedUp(error: BillingError): boolean {
  const { code, replayed, status = 0 } = error
  return code === 'idempotency_conflict' || (replayed && status >= 500)
}
