import { comesOfCancel } from './cancel-cause.ts'
import { describeLeftover, describeWait } from './describe-leftover.ts'
import { eventLoopTurn } from './event-loop-turn.ts'
import { type Leftover, reportLeftover } from './leftover.ts'
import type { Scope } from './scope.ts'

/** How many leftovers of one scope are reported. */
const REPORTED = 10

/**
 * Ends what the body of `scope` left behind: cancels and awaits it, reports it, and does so until
 * nothing is left. What is shielded is only waited for.
 *
 * @param failed whether the scope failed: then its other work (the rest of a `Promise.all`, say) was not
 *   forgotten, only no longer needed
 * @returns what was forgotten
 */
export async function endLeftovers(scope: Scope, failed: boolean): Promise<Leftover[]> {
  const found: Leftover[] = []
  // More than one wait was cancelled at once, so the body ran several side by side: give the others a turn
  // to end.
  if ((scope.cancellation?.delivered ?? 0) > 1) await eventLoopTurn()
  for (;;) {
    const children = scope.livingChildren
    const unshielded = children.filter((child) => !child.shielded)
    const waits = scope.waits.map((wait) => describeWait(scope, wait))
    if (children.length === 0 && waits.length === 0) return found
    if (unshielded.length === 0 && waits.length === 0) {
      await Promise.all(children.map((child) => child.done))
      await eventLoopTurn()
      continue
    }
    if (!failed && !scope.cancelled) {
      const running = unshielded.filter((child) => !child.cancelled)
      const forgotten = [...running.map((child) => describeLeftover(child, 'cancelled')), ...waits]
      if (!scope.strict) for (const each of forgotten.slice(0, REPORTED)) reportLeftover(each)
      found.push(...forgotten)
    }
    await endAll(scope, children)
    // If the scope failed, code in it may still catch the failure of what it left running.
    if (failed) continue
    for (const child of unshielded) if (child.failure) reportFailure(child, child.failure.error)
  }
}

async function endAll(scope: Scope, children: readonly Scope[]): Promise<void> {
  scope.abortLeftovers()
  await Promise.all(children.map((child) => child.done))
  // Forgotten code that awaited what has just ended may now go on and clean up behind a shield. A turn
  // later that has begun, and is waited for as well.
  await eventLoopTurn()
}

/** Reports a failure that nobody else will see. */
export function reportFailure(scope: Scope, error: unknown): void {
  if (!comesOfCancel(scope, error)) reportLeftover(describeLeftover(scope, 'failed', { error }))
}
