/** Why `admission` or `closing` did not let something begin. */
export type RefusalCode = 'overloaded' | 'acquire_timeout' | 'closed'

/** What a package makes its own error of. Nothing was sent, so its outcome is always `'none'`. */
export interface RefusedEntry {
  /**
   * - `'overloaded'`: the queue is full.
   * - `'acquire_timeout'`: it waited too long.
   * - `'closed'`: it was closed.
   */
  readonly code: RefusalCode
  /** A sentence without a capital and a full stop, to stand after "x was not sent: ". */
  readonly message: string
  /** Whether trying again may help: not after a close. */
  readonly retryable: boolean
  readonly outcome: 'none'
}

/** Makes the package's own error, of a call that `context` describes. */
export type RefusalError<C> = (refusal: RefusedEntry, context: C) => Error

/** Fills in what follows of the code. */
export function refused(code: RefusalCode, message: string): RefusedEntry {
  return { code, message, retryable: code !== 'closed', outcome: 'none' }
}
