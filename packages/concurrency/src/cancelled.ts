import { hasMark, mark } from './marker.ts'

/**
 * Who asked for a cancel.
 *
 * - `'timeout'`: a timeout's deadline passed.
 * - `'group'`: a sibling in the task group failed; `cause` is its error.
 * - `'signal'`: a foreign `AbortSignal` fired; `cause` is its reason.
 * - `'scope'`: `scope.cancel()` was called.
 * - `'task'`: `task.cancel()` was called.
 * - `'loop'`: the loop over an async iterator ended early.
 * - `'scope-end'`: the scope ended while the work was still running (a forgotten `await`).
 * - `'shutdown'`: the process was asked to stop.
 */
export type CancelSource =
  | 'timeout'
  | 'group'
  | 'signal'
  | 'scope'
  | 'task'
  | 'loop'
  | 'scope-end'
  | 'shutdown'

/** What a {@link Cancelled} is made of. */
export interface CancelledInit {
  readonly source: CancelSource
  /** The name of the scope that was cancelled. */
  readonly scope: string
  readonly cause?: unknown
}

/**
 * Thrown at every checkpoint of a cancelled scope until the scope is left. It is a termination
 * signal, not a failure: let it pass. Its stack shows where the cancel was asked for.
 *
 * @example
 * catch (error) { if (Cancelled.isInstance(error)) throw error; return fallback }
 */
export class Cancelled extends Error {
  readonly source: CancelSource
  readonly scope: string

  static {
    mark(this.prototype, 'Cancelled')
  }

  constructor(message: string, init: CancelledInit) {
    super(message, init)
    this.source = init.source
    this.scope = init.scope
  }

  /** Like `instanceof`, and true also for one of another installed copy of the package. */
  static isInstance(value: unknown): value is Cancelled {
    return hasMark(value, 'Cancelled')
  }
}

/**
 * Whether `error` is what came of `reason`: the reason itself, or an error whose `cause` it is.
 * Platform calls reject with either of the two.
 */
export function isCausedBy(error: unknown, reason: unknown): boolean {
  if (reason === undefined) return false
  if (error === reason) return true
  return typeof error === 'object' && error !== null && 'cause' in error && error.cause === reason
}
