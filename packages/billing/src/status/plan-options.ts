/** What a price opens. */
export interface PriceOptions {
  /** Names of your own: `'plans'`, `'calendar'`. */
  readonly features: readonly string[]
}

/** The app's own trial, which starts when a reference is first seen: once, whatever it subscribes to later. */
export interface TrialOptions {
  /** 1 to 730. */
  readonly days: number
  /**
   * What a checkout does with what is left of the trial when that is too short for Stripe, which takes 48
   * hours and more: `'charge'` at once, or `'clamp'`: extend it to those 48 hours.
   *
   * @default 'charge'
   */
  readonly whenShort?: 'charge' | 'clamp' | undefined
  /** What the trial opens. @default everything */
  readonly features?: readonly string[] | undefined
}

/** How a status is read. */
export interface PlanOptions {
  /**
   * What each price opens, by its id, its lookup key or its product's id. A price that is not here opens
   * nothing, and is reported.
   *
   * @default every price opens everything
   */
  readonly prices?: Readonly<Record<string, PriceOptions>> | undefined
  /** @default there is no trial but Stripe's */
  readonly trial?: TrialOptions | undefined
  /** How many days `'past_due'` stays open: 0 to 60. @default 0 */
  readonly graceDays?: number | undefined
  /**
   * Which of two live subscriptions stays; the other is ended at once, and nothing is refunded. One that is
   * paid for goes before one that is not, whatever is said here.
   *
   * @default both stay, and `on('second_subscription')` tells
   */
  readonly keep?: 'first' | 'latest' | undefined
  /**
   * Called with what could not be read: it opened nothing.
   *
   * @default a warning of the process
   */
  readonly report?: ((problem: BillingProblem) => void) | undefined
}

/** Something of Stripe's that this version, or your `prices`, do not know. */
export interface BillingProblem {
  readonly kind: 'unknown_status' | 'unreadable_subscription' | 'unknown_price' | 'gone'
  readonly subscriptionId: string
  /** The status, or the price. */
  readonly detail: string
}
