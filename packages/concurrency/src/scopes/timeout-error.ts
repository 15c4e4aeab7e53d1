import { hasMark, mark } from './marker.ts'
import type { Outcome } from './outcome.ts'

/** What a {@link TimeoutError} is made of. */
export interface TimeoutErrorInit {
  /** The name of the scope whose deadline passed. */
  readonly scope: string
  /** The budget, in milliseconds. */
  readonly timeoutMs: number
  readonly outcome: Outcome
  readonly cause?: unknown
}

/**
 * The deadline of the caller's own timeout passed and the body has ended. `outcome` is `'none'` only
 * if no I/O with an effect was begun within it.
 */
export class TimeoutError extends Error {
  readonly scope: string
  readonly timeoutMs: number
  readonly outcome: Outcome
  readonly code: 'timeout'
  readonly retryable: boolean

  static {
    mark(this.prototype, 'TimeoutError')
  }

  constructor(message: string, init: TimeoutErrorInit) {
    super(message, init)
    this.scope = init.scope
    this.timeoutMs = init.timeoutMs
    this.outcome = init.outcome
    this.code = 'timeout'
    this.retryable = true
  }

  /** Like `instanceof`, and true also for one of another installed copy of the package. */
  static isInstance(value: unknown): value is TimeoutError {
    return hasMark(value, 'TimeoutError')
  }
}
