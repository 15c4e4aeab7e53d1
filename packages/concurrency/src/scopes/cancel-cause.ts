import { someCause } from './cancelled.ts'
import { everyPart } from './read-error.ts'
import type { Scope } from './scope.ts'

/**
 * Whether `error` was caused by a cancel of `scope` or of a scope around it: it is the cancel itself, an
 * error that a platform call made of it, or an error that combines several of these.
 *
 * All cancels that reached the scope count, not only the latest: a call that began to end under an inner
 * timeout still throws that one's reason when an outer cancel has overtaken it meanwhile.
 */
export function comesOfCancel(scope: Scope, error: unknown): boolean {
  // A combined error counts only if each of its parts does. A resource that is closed in a cancelled scope
  // may throw the cancel once more.
  return everyPart(error, (part) => someCause(part, (cause) => reached(scope, cause)))
}

/** Whether `reason` is the cancel of `scope`, or of one around it up to a shield. */
function reached(scope: Scope, reason: unknown): boolean {
  // Most often it is the latest reason. Asking every ancestor is slow where scopes are nested deeply.
  if (reason !== undefined && reason === scope.reason) return true
  for (let each: Scope | undefined = scope; each !== undefined;) {
    if (each.ownReason !== undefined && each.ownReason === reason) return true
    each = each.shielded ? undefined : each.parent
  }
  return false
}

/**
 * What the owner of `scope` throws for what its body threw: an outer cancel takes precedence over the
 * scope's own, and both over the `AbortError` that a platform call made of them.
 */
export function explain(scope: Scope, error: unknown): unknown {
  return comesOfCancel(scope, error) ? (scope.reason ?? error) : error
}
