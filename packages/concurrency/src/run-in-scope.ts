import { isCausedBy } from './cancelled.ts'
import { describeLeftover, type Leftover, reportLeftover } from './leftover.ts'
import { LeftoverError } from './leftover-error.ts'
import { expectRejection } from './leftover-rejections.ts'
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
    const result = callInScope(scope, fn, scope)
    value = await (isLazy(result) ? callInScope(scope, begin, result) : result)
  } catch (error) {
    scope.failure = { error }
    if (scope.isBusy) await close(scope, { error })
    else scope.end()
    throw error
  }
  if (scope.isBusy) await close(scope)
  else scope.end()
  return value
}

/** Whether it may begin its work only when its `then` is called, as query builders and tasks do. */
function isLazy<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  if (typeof result !== 'object' || result === null || result instanceof Promise) return false
  return 'then' in result && typeof result.then === 'function'
}

function begin<T>(thenable: PromiseLike<T>): Promise<T> {
  return Promise.resolve(thenable)
}

/**
 * Cancels, awaits and reports what is still running in `scope`, then calls what was deferred, then
 * ends it. Errors on the way never hide `failure`.
 */
async function close(scope: Scope, failure?: { readonly error: unknown }): Promise<void> {
  let failed = failure
  const add = (error: unknown): void => {
    failed = { error: failed === undefined ? error : new SuppressedError(error, failed.error) }
  }
  const forgotten: Leftover[] = []
  while (scope.hasLivingChildren) {
    await Promise.all(
      Array.from(scope.livingChildren, (child) => endLeftover(child, failure, forgotten)),
    )
  }
  if (scope.strict && forgotten.length > 0) add(new LeftoverError(scope.name, forgotten))
  for (const fn of scope.takeDeferred()) {
    const shielded = new Scope({ kind: 'shield', name: 'deferred', parent: scope, shielded: true })
    try {
      await runInScope(shielded, fn)
    } catch (error) {
      add(error)
    }
  }
  scope.end()
  if (failed !== failure) throw failed?.error
}

/**
 * @param failure that of the scope: when it failed, its other work (the rest of a `Promise.all`, say)
 *   was not forgotten, only no longer needed
 */
async function endLeftover(
  child: Scope,
  failure: { readonly error: unknown } | undefined,
  forgotten: Leftover[],
): Promise<void> {
  if (child.shielded) {
    await child.done
    return
  }
  if (!child.cancelled && failure === undefined) {
    const leftover = describeLeftover(child, 'cancelled')
    forgotten.push(leftover)
    if (!child.strict) reportLeftover(leftover)
  }
  child.abort('scope-end', `"${child.name}" outlived the scope that started it`)
  const release = expectRejection(child.reason)
  await child.done
  release()
  const error = child.failure?.error
  if (child.failure === undefined || comesOfCancel(child, error)) return
  // Only who forgot it is sure not to be there to catch it.
  if (failure === undefined) reportLeftover(describeLeftover(child, 'failed', { error }))
}

/**
 * What the owner of `scope` throws for what its body threw: an outer cancel goes before the scope's
 * own, and both before the `AbortError` that a platform call made of them.
 *
 * @param ownCancel makes what is thrown when the scope itself was cancelled and nothing further out
 */
export function explain(scope: Scope, error: unknown, ownCancel: () => unknown): unknown {
  if (!comesOfCancel(scope, error)) return error
  return scope.inheritedReason ?? ownCancel()
}

/**
 * Whether `error` is what came of a cancel of `scope`. A resource that is closed in a cancelled scope may
 * throw the cancel once more; `await using` makes a `SuppressedError` of the two.
 */
export function comesOfCancel(scope: Scope, error: unknown): boolean {
  if (error instanceof SuppressedError) {
    return comesOfCancel(scope, error.error) && comesOfCancel(scope, error.suppressed)
  }
  return isCausedBy(error, scope.ownReason) || isCausedBy(error, scope.inheritedReason)
}
