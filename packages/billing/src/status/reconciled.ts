/** One subscription whose record was not what Stripe says. */
export interface Drift {
  readonly reference: string
  readonly subscriptionId: string
  /** Stripe's word in our record; `undefined`: there was none. */
  readonly was: string | undefined
  readonly is: string
}

/** What {@link Billing.reconcile} found. */
export interface Reconciled {
  /** How many subscriptions were compared. */
  readonly checked: number
  /** What was repaired. */
  readonly drift: readonly Drift[]
  /** Ids of subscriptions whose reference nobody knows: `adoptCustomer` says whose they are. */
  readonly strangers: readonly string[]
}
