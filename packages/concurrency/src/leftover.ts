import { channel } from 'node:diagnostics_channel'
import { currentClock } from './clock.ts'
import type { Scope, ScopeKind } from './scope.ts'

/** Work that was still running when the scope that started it ended, or when its grace had passed. */
export interface Leftover {
  readonly name: string
  readonly kind: ScopeKind
  /** The scope that started it. */
  readonly parent: string | undefined
  /** How long it had been running, in milliseconds. */
  readonly ageMs: number
  /** `'cancelled'`: it is cancelled and awaited. `'abandoned'`: its grace passed, it may still run. */
  readonly state: 'cancelled' | 'abandoned'
}

const leftovers = channel('yuzuru:leftover')

/**
 * Reports a leftover on the `diagnostics_channel` `yuzuru:leftover`, or, when nobody listens there,
 * as a process warning: a forgotten `await` must not go unseen.
 */
export function reportLeftover(scope: Scope, state: Leftover['state']): void {
  const leftover: Leftover = {
    name: scope.name,
    kind: scope.kind,
    parent: scope.parent?.name,
    ageMs: currentClock().now() - scope.startedAt,
    state,
  }
  if (leftovers.hasSubscribers) {
    leftovers.publish(leftover)
    return
  }
  const advice =
    state === 'cancelled'
      ? 'was still running when the scope that started it ended; it was cancelled. Is an await missing?'
      : 'did not end within its grace after it was cancelled, and may still be running'
  process.emitWarning(`${leftover.kind} "${leftover.name}" ${advice}`, 'LeftoverWarning')
}
