import { captureStack } from './call-place.ts'
import type { CancelListener } from './cancel-listener.ts'
import { currentClock } from './clock.ts'
import { type Leftover, placeOf } from './leftover.ts'
import type { Scope, ScopeInit } from './scope.ts'

/** What to report of `scope`, which was left behind. */
export function describeLeftover(
  scope: Scope,
  state: Leftover['state'],
  failure?: { readonly error: unknown },
): Leftover {
  return {
    name: scope.name,
    kind: scope.kind,
    parent: scope.parent?.name,
    ageMs: currentClock().now() - scope.startedAt,
    state,
    place: placeOf(scope.origin),
    ...failure,
  }
}

/** A call that the caller of `from` made in `scope` when it should not have. */
export function describeCall(
  scope: Scope,
  { kind, name }: ScopeInit,
  state: Leftover['state'],
  from: (...args: never[]) => unknown,
): Leftover {
  return { name, kind, parent: scope.name, ageMs: 0, state, place: placeOf(captureStack(from)) }
}

/** A wait that was left behind in `scope`. */
export function describeWait(scope: Scope, wait: CancelListener): Leftover {
  const { since } = wait
  return {
    name: wait.describe?.() ?? 'wait',
    kind: 'wait',
    parent: scope.name,
    ageMs: since === undefined ? undefined : currentClock().now() - since,
    state: 'cancelled',
    place: placeOf(wait.origin),
  }
}
