import { isCausedBy } from './cancelled.ts'
import { describeLeftover, type Leftover, reportLeftover } from './leftover.ts'
import { LeftoverError } from './leftover-error.ts'
import { expectRejection } from './leftover-rejections.ts'
import { callInScope, currentScope } from './current-scope.ts'
import { Scope, type ScopeInit } from './scope.ts'

/** Opens a scope within the caller's. Throws if that one is cancelled: nothing new starts there. */
export function openScope(init: Omit<ScopeInit, 'parent'>): Scope {
  const parent = currentScope()
  parent?.throwIfCancelled()
  return new Scope({ ...init, parent })
}

/** What the owner of a scope makes of how its body ended. */
export interface Ending<T, R = T> {
  onValue(value: T): R
  onError(error: unknown): R
}

const asItIs: Ending<unknown> = {
  onValue: (value) => value,
  onError: (error) => {
    throw error
  },
}

/**
 * Calls `fn` within `scope`, waits until it and all that it started have ended, ends the scope, and
 * gives what `ending` makes of it.
 *
 * Every task and every I/O call goes through here: two callbacks on one promise cost half of what an
 * async function does.
 */
export function runInScope<T, R = T>(
  scope: Scope,
  fn: (scope: Scope) => T | PromiseLike<T>,
  ending: Ending<T, R> = asItIs as Ending<T, R>,
): Promise<R> {
  return callInScope(scope, settle<T, R>, scope, fn, ending)
}

/** Called within the scope, so that what it leaves behind holds no other context than the scope's. */
function settle<T, R>(
  scope: Scope,
  fn: (scope: Scope) => T | PromiseLike<T>,
  ending: Ending<T, R>,
): Promise<R> {
  return begin(scope, fn).then(
    (value) => {
      if (scope.isBusy) return closeWith(scope, ending, undefined, value)
      scope.end()
      return ending.onValue(value)
    },
    (error: unknown) => {
      scope.failure = { error }
      if (scope.isBusy) return closeWith(scope, ending, scope.failure)
      scope.end()
      return ending.onError(error)
    },
  )
}

/** Also what begins its work only when its `then` is called, as query builders do, begins within. */
function begin<T>(scope: Scope, fn: (scope: Scope) => T | PromiseLike<T>): Promise<T> {
  try {
    return Promise.resolve(fn(scope))
  } catch (error) {
    return Promise.reject(error)
  }
}

async function closeWith<T, R>(
  scope: Scope,
  ending: Ending<T, R>,
  failure: { readonly error: unknown } | undefined,
  value?: T,
): Promise<R> {
  try {
    await close(scope, failure)
  } catch (error) {
    return ending.onError(error)
  }
  return failure === undefined ? ending.onValue(value as T) : ending.onError(failure.error)
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
  for (let left = scope.livingChildren; left.length > 0; left = scope.livingChildren) {
    await Promise.all(left.map((child) => endLeftover(child, failure, forgotten)))
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
 * @param ownCancel makes what is thrown when the scope itself was cancelled and nothing further out;
 *   the cancel, by default
 */
export function explain(
  scope: Scope,
  error: unknown,
  ownCancel: (scope: Scope) => unknown = ({ ownReason }) => ownReason,
): unknown {
  if (!comesOfCancel(scope, error)) return error
  return scope.inheritedReason ?? ownCancel(scope)
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
