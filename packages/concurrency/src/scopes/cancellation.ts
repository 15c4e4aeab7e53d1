import type { Cancelled } from './cancelled.ts'
import type { Refused } from './refused.ts'

/** How many scopes have a {@link Cancellation} and have not ended. */
let count = 0

/**
 * Whether any scope of the process may be cancelled. If none is, callers need not look up the scope around
 * them.
 */
export function isAnyCancelled(): boolean {
  return count > 0
}

/**
 * How a scope was cancelled, and whether its body has noticed. A scope has one from its cancel on; that of
 * a job in a worker, which polls for the cancel, always has one.
 */
export class Cancellation {
  /** The cancel that was requested of this scope itself, if any. */
  own: Cancelled | undefined
  /** The latest cancel that came from an ancestor, if any. It takes precedence. */
  inherited: Cancelled | undefined
  /**
   * How many waits and child scopes the cancel ended that the body may have been waiting for. If there was
   * any, the body has received the cancel.
   */
  delivered = 0
  /** How many of those returned a value all the same, which told the body nothing of the cancel. */
  survived = 0
  /** The calls that were refused in the scope since. */
  refused: Refused | undefined

  constructor() {
    count += 1
  }

  /** Whether the body has received the cancel. */
  get isHeard(): boolean {
    return this.delivered > this.survived
  }

  /** Call it when the body has received the cancel through a refused call. */
  hear(): void {
    if (!this.isHeard) this.delivered = this.survived + 1
  }

  /** Call it when the scope has ended. */
  end(): void {
    count -= 1
  }
}
