import { hasMark, mark } from './marker.ts'
import type { Outcome } from './outcome.ts'
import { fieldOf } from './read-error.ts'

/**
 * What requested a cancel.
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
  /** What was cancelled; its outcome is the outcome of the cancel. @default `'unknown'` */
  readonly within?: { readonly outcome: Outcome }
}

/**
 * Thrown at every checkpoint of a cancelled scope until the scope is left. It is a termination
 * signal, not a failure: let it pass. Its stack shows where the cancel was requested.
 *
 * Do not throw one yourself to end work early, and do not turn one into a result: cancel a
 * {@link cancelScope} for the former, use {@link moveOnAfter} for the latter.
 *
 * @example
 * catch (error) { if (Cancelled.isInstance(error)) throw error; return fallback }
 */
export class Cancelled extends Error {
  readonly source: CancelSource
  readonly scope: string
  readonly #within: { readonly outcome: Outcome } | undefined

  static {
    mark(this.prototype, 'Cancelled')
  }

  constructor(message: string, init: CancelledInit) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.source = init.source
    this.scope = init.scope
    this.#within = init.within
  }

  /**
   * Whether an effect may have happened within what was cancelled. `'none'` only if no I/O with an effect
   * got under way there, or all of it is known to have had none.
   */
  get outcome(): Outcome {
    return this.#within?.outcome ?? 'unknown'
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is Cancelled {
    return hasMark(value, 'Cancelled')
  }
}

/** A longer chain of causes is a mistake, perhaps a cycle. */
const MAX_CAUSES = 16

/**
 * Whether `error` was caused by `reason`: it is the reason itself, or has it as its `cause` or as the
 * cause of its cause. Platform calls that are aborted reject with either.
 *
 * @example
 * catch (error) { if (!isCausedBy(error, signal.reason)) throw error }
 */
export function isCausedBy(error: unknown, reason: unknown): boolean {
  return reason !== undefined && someCause(error, (cause) => cause === reason)
}

/** Whether `holds` of `error`, its cause, or the cause of that. */
export function someCause(error: unknown, holds: (cause: unknown) => boolean): boolean {
  let each = error
  for (let depth = 0; depth < MAX_CAUSES; depth += 1) {
    if (holds(each)) return true
    each = fieldOf(each, 'cause')
    if (each === undefined) return false
  }
  return false
}
