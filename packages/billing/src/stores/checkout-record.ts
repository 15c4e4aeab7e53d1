/** The one checkout of a reference: claimed before Stripe is asked, then the page that Stripe opened. */
export interface CheckoutRecord {
  readonly reference: string
  readonly claim: CheckoutClaim
  /** The session, once it is known. */
  readonly session: CheckoutSession | undefined
}

/** What is sent to Stripe to open a checkout; written down before it is sent. */
export interface CheckoutClaim {
  readonly idempotencyKey: string
  /** A digest of what the caller asked for: who asks for the same gets the same page. */
  readonly asked: string
  /** What is sent, as JSON, so that a repeat sends the same. */
  readonly parameters: string
  /** When the key was first used, in milliseconds since 1970. */
  readonly startedAt: number
}

/** An open page. */
export interface CheckoutSession {
  readonly id: string
  readonly url: string
  /** In milliseconds since 1970. */
  readonly expiresAt: number
}
