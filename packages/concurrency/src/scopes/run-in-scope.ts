import { captureStack } from './call-place.ts'
import { noteSurvivor } from './cancelling.ts'
import { callInScope, innermostScope } from './current-scope.ts'
import { endLeftovers } from './end-leftovers.ts'
import { reportLate } from './late.ts'
import { LeftoverError } from './leftover-error.ts'
import { expectFailure } from './expect-failure.ts'
import { raiseOutcome } from './outcome.ts'
import { refuse } from './refusal.ts'
import { type Ending, Scope, type ScopeInit } from './scope.ts'
import { livingScope } from './scope-tree.ts'

/*
 * The life of a scope, in the order of this file. scope.ts says what a scope is, docs/semantics.md has the
 * rules:
 * 1. `openScope` makes a scope within the caller's. If that is cancelled, nothing new starts.
 *  2. `runInScope` calls the body in it and waits for its end.
 * 3. `closeScope` ends what the body left behind, then calls the deferred functions. Most often there is
 *    neither.
 * 4. The scope leaves the tree (`end`). The outcome of the scope is noted on an error that leaves it.
 * 5. Its owner decides what its caller gets (`Ending`), with `explain` in cancel-cause.ts.
 */

/** A new scope within the caller's, or a rejection if that is cancelled. */
export function openScope(init: ScopeInit): Scope | Promise<never> {
  const around = innermostScope()
  const parent = livingScope(around)
  if (parent?.reason !== undefined) return refuse(parent, init.kind, init.name)
  if (around !== parent) reportLate(around as Scope, init)
  const scope = new Scope(init, parent)
  if (scope.strict) scope.origin = captureStack(openScope)
  return scope
}

const asItIs: Ending<unknown, never> = {
  onValue: (value) => value as never,
  onError: (error) => {
    throw error
  },
}

/**
 * Calls `fn` within `scope`, waits until it and all that it started have ended, ends the scope, and returns
 * the result of `ending`.
 *
 * Every task and every I/O call goes through here. Two callbacks on one promise cost half as much as an
 * async function, and these two are shared by all calls, as each finds its scope by `AsyncLocalStorage`.
 */
export function runInScope<T, R = T>(
  scope: Scope,
  fn: (scope: Scope) => T | PromiseLike<T>,
  ending: Ending<T, R> = asItIs,
): Promise<R> {
  scope.ending = ending
  return callInScope(scope, settle, fn) as Promise<R>
}

/** The built-in `then`, as `await` uses it, even if a promise has a `then` of its own. */
// oxlint-disable-next-line typescript/unbound-method -- called with its promise
const { then } = Promise.prototype

/** Called within the scope, so that what it leaves behind holds no other context than the scope's. */
function settle(scope: Scope, fn: (scope: Scope) => unknown): Promise<unknown> {
  return then.call(begin(scope, fn), onValue, onError)
}

/**
 * A thenable that begins its work only when its `then` is called, as query builders do, begins it within
 * the scope.
 */
function begin(scope: Scope, fn: (scope: Scope) => unknown): Promise<unknown> {
  try {
    return Promise.resolve(fn(scope))
  } catch (error) {
    return Promise.reject(error)
  }
}

function onValue(value: unknown): unknown {
  const scope = innermostScope() as Scope
  if (scope.cancellation !== undefined) noteSurvivor(scope)
  if (scope.isBusy) return closeWith(scope, undefined, value)
  scope.end()
  return scope.ending.onValue(value as never, scope)
}

function onError(error: unknown): unknown {
  const scope = innermostScope() as Scope
  scope.failure = { error }
  if (scope.isBusy) return closeWith(scope, scope.failure)
  scope.end()
  return leave(scope, error)
}

async function closeWith(
  scope: Scope,
  failure: { readonly error: unknown } | undefined,
  value?: unknown,
): Promise<unknown> {
  try {
    await closeScope(scope, failure)
  } catch (error) {
    return leave(scope, error)
  }
  return failure === undefined
    ? scope.ending.onValue(value as never, scope)
    : leave(scope, failure.error)
}
/**
 * Ends what was left behind, calls the deferred functions, ends the scope. An error on the way never hides
 * `failure`.
 */
export async function closeScope(
  scope: Scope,
  failure?: { readonly error: unknown },
): Promise<void> {
  let failed = failure
  const add = (error: unknown): void => {
    failed = { error: failed === undefined ? error : new SuppressedError(error, failed.error) }
  }
  const forgotten = await endLeftovers(scope, failure !== undefined)
  const refused = scope.cancellation?.refused?.cleanUp
  if (refused !== undefined) forgotten.push(refused)
  if (scope.strict && forgotten.length > 0) add(new LeftoverError(scope.name, forgotten))
  for (let fn = scope.takeDeferred(); fn !== undefined; fn = scope.takeDeferred()) {
    const shielded = new Scope({ kind: 'shield', name: 'deferred', shielded: true }, scope)
    try {
      await runInScope(shielded, fn)
    } catch (error) {
      add(error)
    }
    // A timer of the body may have begun something meanwhile.
    const late = await endLeftovers(scope, failure !== undefined)
    if (scope.strict && late.length > 0) add(new LeftoverError(scope.name, late))
  }
  scope.end()
  if (failed !== failure) throw failed?.error
}

function leave(scope: Scope, error: unknown): unknown {
  noteFailure(scope, error)
  return scope.ending.onError(error, scope)
}

/**
 * Notes the outcome of the scope on an error. An I/O call knows its own outcome better and notes it itself.
 */
export function noteFailure(scope: Scope, error: unknown): void {
  if (scope.kind !== 'io' && scope.outcome === 'unknown') raiseOutcome(error)
  expectFailure(scope, error)
}
