import { AsyncLocalStorage } from 'node:async_hooks'
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

/** Calls `fn` with `scope` around it, and around all that it starts. `undefined`: no scope at all. */
export function callInScope<A extends unknown[], T>(
  scope: Scope | undefined,
  fn: (...args: A) => T,
  ...args: A
): T {
  return storage.run(scope, fn, ...args)
}

/** Throws if the scope around it is cancelled; does not yield. */
export function throwIfCancelled(): void {
  currentScope()?.throwIfCancelled()
}
