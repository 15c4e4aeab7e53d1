import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { Scope } from './scope.ts'
import { livingScope } from './scope-tree.ts'
import { onSupportedNode } from './supported-node.ts'

const storage = onSupportedNode(() => new AsyncLocalStorage<Scope | undefined>())

/**
 * The innermost scope around the caller that has not ended, if any. A socket or a memoised promise
 * made within a scope that has ended thus belongs to its nearest living ancestor.
 */
export function currentScope(): Scope | undefined {
  return livingScope(storage.getStore())
}

/** The innermost scope around the caller, also when it has ended. */
export function innermostScope(): Scope | undefined {
  return storage.getStore()
}

/**
 * Calls `fn` with `scope` around it, and around all that it starts. `undefined`: no scope at all.
 *
 * `AsyncLocalStorage.run` copies the whole context on the way in and again on the way out. An
 * `AsyncResource` restores the context in which it was made, so `enterWith` never leaks out of here
 * (docs/decisions/0051).
 */
export function callInScope<S extends Scope | undefined, T>(scope: S, fn: (scope: S) => T): T
export function callInScope<S extends Scope | undefined, A, T>(
  scope: S,
  fn: (scope: S, argument: A) => T,
  argument: A,
): T
export function callInScope<S extends Scope | undefined, A, T>(
  scope: S,
  fn: (scope: S, argument?: A) => T,
  argument?: A,
): T {
  return new AsyncResource('YuzuruScope').runInAsyncScope(
    enter<S, A | undefined, T>,
    undefined,
    scope,
    fn,
    argument,
  )
}

/**
 * Calls `fn` with `scope` around it: to be called by `runInAsyncScope` of an `AsyncResource`, which puts the context back.
 */
export function enter<S extends Scope | undefined, A, T>(
  scope: S,
  fn: (scope: S, argument: A) => T,
  argument: A,
): T {
  storage.enterWith(scope)
  return fn(scope, argument)
}

/**
 * Throws if the scope around the caller is cancelled. It does not yield, so in a loop that only computes no
 * cancel can arrive: call {@link checkpoint} there.
 *
 * @throws {Cancelled} when the scope around the caller is cancelled
 * @example
 * for (const row of rows) { throwIfCancelled(); index(row) }
 */
export function throwIfCancelled(): void {
  currentScope()?.throwIfCancelled()
}
