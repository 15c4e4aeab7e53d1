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
 * The deadline of a timeout passed and its body has ended. Thrown to the code that set the timeout; code
 * inside it gets a {@link Cancelled}. `outcome` is `'none'` only if no I/O with an effect got under way
 * within it, or all of it is known to have had none.
 */
export class TimeoutError extends Error {
  readonly scope: string
  readonly timeoutMs: number
  readonly outcome: Outcome
  readonly code = 'timeout' as const
  readonly retryable: boolean = true

  static {
    mark(this.prototype, 'TimeoutError')
  }

  constructor(message: string, init: TimeoutErrorInit) {
    super(message, init)
    this.scope = init.scope
    this.timeoutMs = init.timeoutMs
    this.outcome = init.outcome
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is TimeoutError {
    return hasMark(value, 'TimeoutError')
  }
}
