import { isCausedBy } from './cancelled.ts'
import { reportLeftover } from './leftover.ts'
import { callInScope, currentScope, Scope, type ScopeInit } from './scope.ts'

/** Opens a scope within the caller's. Throws if that one is cancelled: nothing new starts there. */
export function openScope(init: Omit<ScopeInit, 'parent'>): Scope {
  const parent = currentScope()
  parent?.throwIfCancelled()
  return new Scope({ ...init, parent })
}

/** Calls `fn` within `scope`, waits until it and all that it started have ended, and ends the scope. */
export async function runInScope<T>(
  scope: Scope,
  fn: (scope: Scope) => T | PromiseLike<T>,
): Promise<T> {
  let value: T
  try {
    value = await callInScope(scope, fn, scope)
  } catch (error) {
    if (scope.isBusy) await close(scope, { error })
    else scope.end()
    throw error
  }
  if (scope.isBusy) await close(scope)
  else scope.end()
  return value
}

/**
 * Cancels, awaits and reports what is still running in `scope`, then calls what was deferred, then
 * ends it. Errors on the way never hide `failure`.
 */
async function close(scope: Scope, failure?: { readonly error: unknown }): Promise<void> {
  let failed = failure
  while (scope.hasLivingChildren) {
    await Promise.all(Array.from(scope.livingChildren, (child) => endLeftover(child)))
  }
  for (const fn of scope.takeDeferred()) {
    const shielded = new Scope({ kind: 'shield', name: 'deferred', parent: scope, shielded: true })
    try {
      await runInScope(shielded, fn)
    } catch (error) {
      failed = { error: failed === undefined ? error : new SuppressedError(error, failed.error) }
    }
  }
  scope.end()
  if (failed !== failure) throw failed?.error
}

async function endLeftover(child: Scope): Promise<void> {
  if (!child.shielded) {
    child.abort('scope-end', `"${child.name}" outlived the scope that started it`)
    reportLeftover(child, 'cancelled')
  }
  await child.done
}

/**
 * What the owner of `scope` throws for what its body threw: an outer cancel goes before the scope's
 * own, and both before the `AbortError` that a platform call made of them.
 *
 * @param ownCancel makes what is thrown when the scope itself was cancelled and nothing further out
 */
export function explain(scope: Scope, error: unknown, ownCancel: () => unknown): unknown {
  const { inheritedReason, ownReason } = scope
  const ours = isCausedBy(error, ownReason) || isCausedBy(error, inheritedReason)
  if (!ours) return error
  return inheritedReason ?? ownCancel()
}
