import { captureStack } from './call-place.ts'
import { callInScope, currentScope, innermostScope } from './current-scope.ts'
import { endLeftovers } from './end-leftovers.ts'
import { reportLate } from './late.ts'
import { LeftoverError } from './leftover-error.ts'
import { expectFailure } from './leftover-rejections.ts'
import { raiseOutcome } from './outcome.ts'
import { refuse } from './refusal.ts'
import { Scope, type ScopeInit } from './scope.ts'

/*
 * The life of a scope:
 *  1. `refusalToOpen` gives a rejection where the caller's scope is cancelled: nothing new starts there.
 *  2. `openScope` hangs a new one below the caller's.
 *  3. `runInScope` calls the body in it and waits for its end.
 *  4. `close` ends what the body left behind, then calls what was deferred.
 *  5. An error that leaves takes the outcome of the scope along.
 *  6. Its owner makes of that what it throws: `explain` in cancel-cause.ts.
 */

/** What a call gives that may not open a scope. */
export function refusalToOpen({
  kind,
  name,
}: Omit<ScopeInit, 'parent'>): Promise<never> | undefined {
  const parent = currentScope()
  return parent?.reason === undefined ? undefined : refuse(parent, parent.reason, kind, name)
}

/** Opens a scope within the caller's, once {@link refusalToOpen} has given nothing. */
export function openScope(init: Omit<ScopeInit, 'parent'>): Scope {
  const around = innermostScope()
  if (around?.ended === true) reportLate(around, init)
  const scope = new Scope({ ...init, parent: currentScope() })
  if (scope.strict) scope.origin = captureStack(openScope)
  return scope
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
      return leave(scope, ending, error)
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
    return leave(scope, ending, error)
  }
  return failure === undefined ? ending.onValue(value as T) : leave(scope, ending, failure.error)
}

/** Ends what is left, calls what was deferred, ends the scope. Errors on the way never hide `failure`. */
async function close(scope: Scope, failure?: { readonly error: unknown }): Promise<void> {
  let failed = failure
  const add = (error: unknown): void => {
    failed = { error: failed === undefined ? error : new SuppressedError(error, failed.error) }
  }
  const forgotten = await endLeftovers(scope, failure !== undefined)
  const refused = scope.refused?.cleanUp
  if (refused !== undefined) forgotten.push(refused)
  if (scope.strict && forgotten.length > 0) add(new LeftoverError(scope.name, forgotten))
  for (let fn = scope.takeDeferred(); fn !== undefined; fn = scope.takeDeferred()) {
    const shielded = new Scope({ kind: 'shield', name: 'deferred', parent: scope, shielded: true })
    try {
      await runInScope(shielded, fn)
    } catch (error) {
      add(error)
    }
    // A timer of the body's may begin something meanwhile.
    const late = await endLeftovers(scope, failure !== undefined)
    if (scope.strict && late.length > 0) add(new LeftoverError(scope.name, late))
  }
  scope.end()
  if (failed !== failure) throw failed?.error
}

/** An error takes the outcome of the scope along. Of I/O the call itself knows more, and says it. */
function leave<T, R>(scope: Scope, ending: Ending<T, R>, error: unknown): R {
  if (scope.kind !== 'io' && scope.outcome === 'unknown') raiseOutcome(error)
  expectFailure(scope, error)
  return ending.onError(error)
}
