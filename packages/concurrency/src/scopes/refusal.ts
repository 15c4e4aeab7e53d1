import { type Cancellation, isAnyCancelled } from './cancellation.ts'
import { currentScope } from './current-scope.ts'
import { describeCall } from './describe-leftover.ts'
import { reportLeftover } from './leftover.ts'
import { Refused } from './refused.ts'
import type { Scope } from './scope.ts'
import type { ScopeKind } from './scope-kind.ts'

/**
 * The rejection for a call that must not begin because the scope around the caller is cancelled;
 * `undefined` if it may begin.
 *
 * @param kind of the call
 * @param name of the call, for reports
 */
export function refusal(kind: ScopeKind, name: string): Promise<never> | undefined {
  if (!isAnyCancelled()) return undefined
  const scope = currentScope()
  return scope?.reason === undefined ? undefined : refuse(scope, kind, name)
}

/** Refuses a call that was made in `scope`, which is cancelled. */
export function refuse(scope: Scope, kind: ScopeKind, name: string): Promise<never> {
  const cancellation = scope.cancellation as Cancellation
  const refused = (cancellation.refused ??= new Refused())
  if (cancellation.isHeard && refused.cleanUp === undefined) {
    refused.cleanUp = describeCall(scope, { kind, name }, 'refused', refuse)
    // A strict scope throws it as an error instead.
    if (!scope.strict) reportLeftover(refused.cleanUp)
  }
  if (refused.isLoop && !refused.swallowed) {
    refused.swallowed = true
    reportLeftover(describeCall(scope, { kind, name }, 'swallowed', refuse))
  }
  // Calls side by side receive the cancel in the same step: none of them is clean-up after another.
  if (!cancellation.isHeard) queueMicrotask(() => cancellation.hear())
  return refused.reject(scope.reason)
}
