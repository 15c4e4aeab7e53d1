import type { Effect, Outcome } from '../scopes/outcome.ts'

/** The last argument of every function that leaves the process. */
export interface IoOptions {
  /** A foreign signal; it joins the ambient scope. */
  readonly signal?: AbortSignal | undefined
  /** A deadline for this call alone, in milliseconds; the nearest of all deadlines wins. */
  readonly timeoutMs?: number | undefined
}

/** What an I/O call is, for errors, traces and the task tree. Never put a secret into it. */
export interface IoCall {
  /** The package: `'db'`, `'storage'` … */
  readonly boundary: string
  /** The verb: `'query'`, `'upload'` … */
  readonly operation: string
  readonly effect: Effect
  /**
   * Makes the package's own error of what the native client threw. `outcome` is what is known by
   * default; an error that says `'none'` takes precedence over what the calls within add up to. Not
   * called for a cancel, a `TimeoutError`, an `IoError`, or a `TypeError` that is no platform's own.
   *
   * `'none'` leaves every error as it is: for a call that only combines calls that have translated their
   * own errors, or that runs the caller's code. An error without an `outcome` then counts as one with the
   * default outcome, and so does `none` of a deadline or a cancel in the body: it speaks of its own scope alone.
   *
   * It is called as a method of the call: where very many calls wait, a class needs no function for each.
   *
   * @default an `IoError` with the code `'unexpected'`
   */
  readonly translate?: ((error: unknown, outcome: Outcome) => Error) | 'none' | undefined
  /**
   * Whether it counts as an effect of the scopes around it. `false` is for what a larger call takes
   * back as a whole: the parts of an upload, say. That call then answers for it.
   *
   * @default true
   */
  readonly counts?: boolean | undefined
}

/** What the body of an I/O call reports while it runs. */
export interface IoProgress {
  /**
   * Whether something that may have an effect has left the process. Starts as `true`; a body that knows
   * better sets it to `false` first (while it waits for a connection, say) and to `true` when it sends.
   */
  sent: boolean
  /**
   * What the body knows about the outcome when it fails: what the other side answered, or that everything
   * was undone. Takes precedence over the outcomes of the calls within it, except for a cancel.
   *
   * @default undefined: the outcomes of the calls within are added up
   */
  outcome?: Outcome | undefined
}
