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
