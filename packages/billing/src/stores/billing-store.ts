import type {
  AccountChange,
  AccountRecord,
  FetchDraw,
  FetchWrite,
  FetchWritten,
  NewAccount,
  SubscriptionRecord,
} from './account-record.ts'
import type { CheckoutClaim, CheckoutRecord, CheckoutSession } from './checkout-record.ts'
import type { CustomerIntent, CustomerRecord } from './customer-record.ts'

/** Called within the transaction of a write; when it throws, nothing of the write stands. */
export type ChangeListener<Tx> = (
  change: AccountChange | undefined,
  context: { readonly tx: Tx; readonly duplicate: boolean },
) => Promise<void>

/**
 * Where billing keeps what must survive a crash. Each method is atomic and durable when it returns, and
 * none holds a lock when it has returned: no call to Stripe happens under one.
 * Ships for Kysely (`@yuzuru/billing/kysely`) and in memory (`@yuzuru/billing/testing`).
 *
 * @typeParam Tx what listeners get to take part in a write's transaction
 */
export interface BillingStore<Tx = unknown> {
  /** The record of a reference; `undefined` if there is none. */
  findCustomer(reference: string): Promise<CustomerRecord | undefined>
  /** Whose customer it is. */
  findReference(customerId: string): Promise<string | undefined>
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
   * Puts another customer in the place of `formerId`, if that still stands (`undefined`: if there is no
   * customer yet, whatever the intent); `customerId: undefined` forgets it. Changes nothing when the
   * customer is another reference's. Returns the record that stands.
   */
  replaceCustomer(
    reference: string,
    formerId: string | undefined,
    customerId: string | undefined,
  ): Promise<CustomerRecord | undefined>

  /** The account of a reference. It is made if there is none; however many ask at once, once. */
  openAccount(reference: string, fresh: NewAccount): Promise<AccountRecord>
  /** A subscription by its id. */
  findSubscription(id: string): Promise<SubscriptionRecord | undefined>
  /** Draws the number of a fetch, and says whether the event, if there is one, was marked already. */
  drawFetch(eventId: string | undefined): Promise<FetchDraw>
  /**
   * Writes down what a fetch saw, in one transaction: each subscription whose record no fetch drawn later
   * has written, and the event. The account is made if there is none. Two writes for one reference go one
   * after the other, so that `listener` sees each change once.
   */
  writeFetch(write: FetchWrite, listener?: ChangeListener<Tx>): Promise<FetchWritten>
  /**
   * Chooses which of a reference's subscriptions stays, where there must be one only: the first of `ids` that no
   * earlier choice has passed over. The others are passed over from then on, for good, so that callers that see
   * the subscriptions at different moments never end each other's choice. If all were passed over, the choice is
   * the least id.
   *
   * @param ids of subscriptions that are written down, at least one, the one to be preferred first
   * @returns the id of the one that stays
   */
  chooseSubscription(reference: string, ids: readonly string[]): Promise<string>
  /**
   * Subscriptions that have not ended (their status is none of `'canceled'`, `'incomplete_expired'`,
   * `'gone'`), in the order of their ids, after the one with the id `after`; at most `limit`.
   */
  listSubscriptions(page: {
    readonly after: string | undefined
    readonly limit: number
  }): Promise<readonly SubscriptionRecord[]>
  /**
   * References whose app's own trial ends in the given time and was not announced; at most `limit`.
   *
   * @param page times in milliseconds since 1970
   */
  listTrialsEnding(page: {
    readonly after: number
    readonly before: number
    readonly limit: number
  }): Promise<readonly string[]>
  /**
   * Notes that the end of the app's own trial is announced, and calls `listener` in that transaction, once.
   *
   * @returns whether this call was the one
   */
  noticeTrial(reference: string, listener: ChangeListener<Tx>): Promise<boolean>
  /** Forgets events recorded before a time; returns how many. Stripe redelivers for three days. */
  pruneEvents(before: Date): Promise<number>

  /** The checkout of a reference; `undefined` if there is none. */
  findCheckout(reference: string): Promise<CheckoutRecord | undefined>
  /** Claims the checkout of a reference unless it is claimed, and returns the record that stands. */
  beginCheckout(reference: string, claim: CheckoutClaim): Promise<CheckoutRecord>
  /**
   * Notes the session of the claim with the key `key`, if that still stands without one, and forgets what was
   * sent. Returns the record that stands.
   */
  settleCheckout(
    reference: string,
    key: string,
    session: CheckoutSession,
  ): Promise<CheckoutRecord | undefined>
  /**
   * Puts another claim in the place of the one with the key `formerKey`, with its session, if that still
   * stands; `undefined` takes it away. Returns the record that stands.
   */
  replaceCheckout(
    reference: string,
    formerKey: string,
    claim: CheckoutClaim | undefined,
  ): Promise<CheckoutRecord | undefined>
}
