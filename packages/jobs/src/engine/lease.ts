/** The right to a job: good while its row has this claim. Each claim has a higher number than the last. */
export interface Lease {
  readonly id: string
  readonly claim: number
}

/** A job that this worker has taken. */
export interface ClaimedJob extends Lease {
  readonly name: string
  readonly queue: string
  /** Since when it is due, in milliseconds of this process's `performance.now()`. */
  readonly dueAt: number
  /** JSON. */
  readonly payload: string
  /** Of the payload. */
  readonly version: number
  readonly attempt: number
  readonly attempts: number
  /** How often an attempt was given back because a `Cancelled` came out of it. */
  readonly returns: number
  /** In milliseconds since 1970, by the database's clock. */
  readonly enqueuedAt: number
  /** What made it, as JSON; `null` for a plain `enqueue`. */
  readonly origin: string | null
}
