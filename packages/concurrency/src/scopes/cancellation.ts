import type { Cancelled } from './cancelled.ts'
import type { Refused } from './refused.ts'

/** How many scopes have a {@link Cancellation} and have not ended. */
let count = 0

/** Whether any scope of the process may be cancelled. If none is, callers need not find out which is around them. */
export function isAnyCancelled(): boolean {
  return count > 0
}

/** How a scope came to be cancelled, and what came of it. Only one that is, or may be so unseen, has it. */
export class Cancellation {
  /** The cancel that was asked of this very scope, if any. */
  own: Cancelled | undefined
  /** The latest cancel that came from an ancestor, if any. It takes precedence. */
  inherited: Cancelled | undefined
  /** How much the cancel ended within that the body may have waited for: with any, it has received the cancel. */
  delivered = 0
  /** How much of that returned a value all the same: by it the body has not heard of the cancel. */
  survived = 0
  /** What was refused in the scope since. */
  refused: Refused | undefined

  constructor() {
    count += 1
  }

  /** Whether the body has received the cancel. */
  get isHeard(): boolean {
    return this.delivered > this.survived
  }

  /** To be called when the body has received the cancel by a refusal. */
  hear(): void {
    if (!this.isHeard) this.delivered = this.survived + 1
  }

  /** To be called when its scope has ended. */
  end(): void {
    count -= 1
  }
}
