/** That a customer is to be made for a reference, and what came of it. */
export interface CustomerRecord {
  readonly reference: string
  /** Stripe's id, once it is known. */
  readonly customerId: string | undefined
  readonly intent: CustomerIntent | undefined
}

/** What is sent to Stripe to make a customer; written down before it is sent. */
export interface CustomerIntent {
  readonly idempotencyKey: string
  /** What is sent, as JSON, so that a repeat sends the same. */
  readonly parameters: string
  /** When the key was first used, in milliseconds since 1970. */
  readonly startedAt: number
}

/** A webhook's event, as far as the store needs it. */
export interface EventRecord {
  readonly id: string
  readonly type: string
  /** When Stripe made it, in milliseconds since 1970. */
  readonly createdAt: number
}

/** What came of {@link BillingStore.processEvent}. */
export type Processed<T> =
  | { readonly duplicate: true }
  | { readonly duplicate: false; readonly value: T }

/**
 * Where billing keeps what must survive a crash. Each method is atomic and durable when it returns.
 * Ships for Kysely (`@yuzuru/billing/kysely`) and in memory (`@yuzuru/billing/testing`).
 *
 * @typeParam Tx what a webhook's handler gets to take part in the event's transaction
 */
export interface BillingStore<Tx = unknown> {
  /** The record of a reference; `undefined` if there is none. */
  findCustomer(reference: string): Promise<CustomerRecord | undefined>
  /** Writes the intent down unless there is a record, and returns the record that stands. */
  beginCustomer(reference: string, intent: CustomerIntent): Promise<CustomerRecord>
  /**
   * Puts another intent in the place of the one with the key `formerKey`, if that still stands without a
   * customer; `undefined` takes it away. Returns the record that stands.
   */
  replaceIntent(
    reference: string,
    formerKey: string,
    intent: CustomerIntent | undefined,
  ): Promise<CustomerRecord | undefined>
  /** Notes the customer, unless there is one, drops the intent, and returns the customer that stands. */
  settleCustomer(reference: string, customerId: string): Promise<string>
  /**
   * Calls `handler` in a transaction that also records the event's id; when it throws, neither stands.
   * A second call for the same id, also at the same time, is a duplicate once the first has succeeded.
   */
  processEvent<T>(event: EventRecord, handler: (tx: Tx) => Promise<T>): Promise<Processed<T>>
  /** Forgets events recorded before a time; returns how many. Stripe redelivers for three days. */
  pruneEvents(before: Date): Promise<number>
}
