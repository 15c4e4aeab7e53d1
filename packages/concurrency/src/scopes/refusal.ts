import { captureStack } from './call-place.ts'
import { type Cancellation, isAnyCancelled } from './cancellation.ts'
import type { Cancelled } from './cancelled.ts'
import { currentScope } from './current-scope.ts'
import { type Leftover, placeOf, reportLeftover } from './leftover.ts'
import { Refused } from './refused.ts'
import type { Scope } from './scope.ts'
import type { ScopeKind } from './scope-kind.ts'

/**
 * What a call gives that must not begin: a rejection, where the scope around the caller is cancelled.
 *
 * @param kind of the call
 * @param name of the call, for reports
 */
export function refusal(kind: ScopeKind, name: string): Promise<never> | undefined {
  if (!isAnyCancelled()) return undefined
  const scope = currentScope()
  return scope?.reason === undefined ? undefined : refuse(scope, scope.reason, kind, name)
}

/** Refuses a call that was made in `scope`, which is cancelled because of `reason`. */
export function refuse(
  scope: Scope,
  reason: Cancelled,
  kind: ScopeKind,
  name: string,
): Promise<never> {
  const cancellation = scope.cancellation as Cancellation
  const refused = (cancellation.refused ??= new Refused())
  if (cancellation.delivered > 0 && refused.cleanUp === undefined) {
    refused.cleanUp = describe(scope, kind, name, 'refused')
    // Where it is an error of the scope, that says it.
    if (!scope.strict) reportLeftover(refused.cleanUp)
  }
  if (refused.rejections.isLoop && !refused.swallowed) {
    refused.swallowed = true
    reportLeftover(describe(scope, kind, name, 'swallowed'))
  }
  // Calls side by side hear of the cancel in the same step: none of them is clean-up after another.
  if (cancellation.delivered === 0) queueMicrotask(() => (cancellation.delivered = 1))
  return refused.rejections.reject(reason)
}

function describe(
  { name: parent }: Scope,
  kind: ScopeKind,
  name: string,
  state: 'refused' | 'swallowed',
): Leftover {
  return { name, kind, parent, ageMs: 0, state, place: placeOf(captureStack(refuse)) }
}
