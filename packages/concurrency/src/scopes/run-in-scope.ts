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
 * From birth to end, in the order of this file; what a scope is stands in scope.ts, and the rules in
 * docs/semantics.md:
 *  1. `openScope` hangs a new one below the caller's; where that is cancelled, nothing new starts.
 *  2. `runInScope` calls the body in it and waits for its end.
 *  3. `closeScope` ends what the body left behind, then calls what was deferred. Most often there is neither.
 *  4. The scope leaves the tree (`end`). An error that leaves takes the outcome of the scope along.
 *  5. Its owner makes of that what it gives its caller (`Ending`), with `explain` in cancel-cause.ts.
 */

/** A new scope within the caller's, or a rejection where that is cancelled. */
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
 * Calls `fn` within `scope`, waits until it and all that it started have ended, ends the scope, and
 * gives what `ending` makes of it.
 *
 * Every task and every I/O call goes through here: two callbacks on one promise cost half of what an
 * async function does, and these two are the same for all, as each finds its scope around it.
 */
export function runInScope<T, R = T>(
  scope: Scope,
  fn: (scope: Scope) => T | PromiseLike<T>,
  ending: Ending<T, R> = asItIs,
): Promise<R> {
  scope.ending = ending
  return callInScope(scope, settle, fn) as Promise<R>
}

/** As `await` does it: also on a promise that was given a `then` of its own. */
// oxlint-disable-next-line typescript/unbound-method -- called with its promise
const { then } = Promise.prototype

/** Called within the scope, so that what it leaves behind holds no other context than the scope's. */
function settle(scope: Scope, fn: (scope: Scope) => unknown): Promise<unknown> {
  return then.call(begin(scope, fn), onValue, onError)
}

/** Also what begins its work only when its `then` is called, as query builders do, begins within. */
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
/** Ends what is left, calls what was deferred, ends the scope. Errors on the way never hide `failure`. */
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
    // A timer of the body's may begin something meanwhile.
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

/** An error takes the outcome of the scope along. Of I/O the call itself knows more, and says it. */
export function noteFailure(scope: Scope, error: unknown): void {
  if (scope.kind !== 'io' && scope.outcome === 'unknown') raiseOutcome(error)
  expectFailure(scope, error)
}
