import { callInScope } from './current-scope.ts'

/**
 * Calls `fn` in no scope at all: for what is shared and must not die with the first caller that
 * happened to need it (a pool, a memoised promise, a background listener). You own its end.
 *
 * @example
 * let ready: Promise<Keys> | undefined
 * const keys = () => (ready ??= detached(() => fetchKeys()))
 */
export function detached<T>(fn: () => T): T {
  return callInScope(undefined, fn)
}
