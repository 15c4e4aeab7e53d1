/** What the store keeps of one reference: its trial, and every subscription it ever had. */
export interface AccountRecord {
  readonly reference: string
  /** When it was first seen, in milliseconds since 1970. */
  readonly createdAt: number
  /** When the app's own trial ends, in milliseconds since 1970. It is set once; `undefined`: there is none. */
  readonly trialEndsAt: number | undefined
  /** Whether the end of the app's own trial was announced. */
  readonly trialNoticed: boolean
  /** In the order in which Stripe made them. */
  readonly subscriptions: readonly SubscriptionRecord[]
}

/** What an account is made of when its reference is seen for the first time. */
export interface NewAccount {
  /** In milliseconds since 1970. */
  readonly now: number
  readonly trialEndsAt: number | undefined
}

/** One price of a subscription. */
export interface SubscriptionItem {
  readonly id: string
  readonly priceId: string
  readonly productId: string | undefined
  readonly lookupKey: string | undefined
  /** `undefined` for a metered price. */
  readonly quantity: number | undefined
}

/** A subscription as Stripe showed it. Times are in milliseconds since 1970. */
export interface FetchedSubscription {
  readonly id: string
  readonly customerId: string
  /** The reference in its metadata. */
  readonly namedReference: string | undefined
  /**
   * Stripe's own word, also one that this version does not know. `'gone'`: Stripe has it no more;
   * `'unreadable'`: what Stripe showed is no subscription.
   */
  readonly status: string
  /** Whether its invoices are voided for the time being (`pause_collection`). */
  readonly paused: boolean
  readonly items: readonly SubscriptionItem[]
  readonly createdAt: number
  /** When what is paid for ends: the nearest of its items. */
  readonly periodEndsAt: number | undefined
  readonly trialEndsAt: number | undefined
  /** When it is to end, or has ended. */
  readonly endsAt: number | undefined
}

/** A subscription as it was last fetched. */
export interface SubscriptionRecord extends Omit<FetchedSubscription, 'namedReference'> {
  readonly reference: string
  /**
   * Since when `status` and `paused` have been as they are, as far as it was seen; while it is `'active'` or
   * `'trialing'`, also whether an end is planned. Days of grace count from here.
   */
  readonly since: number
  /** The number of the fetch that saw it so. */
  readonly fetch: number
}

/** The number of a fetch, drawn before Stripe is asked. */
export interface FetchDraw {
  /** Larger than all that were drawn before. */
  readonly number: number
  /** Whether the event was marked already. */
  readonly duplicate: boolean
}

/** What a fetch saw, to be written down. */
export interface FetchWrite {
  readonly number: number
  /** In milliseconds since 1970. */
  readonly now: number
  /** When the app's own trial ends, if this is the first that is seen of the reference. */
  readonly trialEndsAt: number | undefined
  /**
   * Whose they are. Without it: the reference whose customer it is, else that of the record there is of the
   * subscription, else the one in its metadata, else none.
   */
  readonly reference: string | undefined
  /** The event that caused the fetch. */
  readonly event: EventRecord | undefined
  /** Of one reference. */
  readonly subscriptions: readonly FetchedSubscription[]
}

/** What a write changed. */
export interface FetchWritten {
  /** Whether the event was marked already. What was fetched is written all the same. */
  readonly duplicate: boolean
  /** `undefined`: the subscriptions are nobody's, and nothing but the event was written. */
  readonly change: AccountChange | undefined
}

/** An account before and after a write. */
export interface AccountChange {
  readonly before: AccountRecord
  readonly after: AccountRecord
}

/** A webhook's event, as far as the store needs it. */
export interface EventRecord {
  readonly id: string
  readonly type: string
  /** When Stripe made it, in milliseconds since 1970. */
  readonly createdAt: number
}
