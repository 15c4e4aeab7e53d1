import { expectFunction } from '../arguments/expected.ts'
import { callInScope } from './current-scope.ts'

/**
 * Calls `fn` in no scope at all: for what is shared and must not die with the first caller that
 * happened to need it (a pool, a memoised promise, a background listener). No cancel or deadline reaches
 * it and no scope waits for it, so ending it is up to you.
 *
 * Not for clean-up that must finish ({@link shield}), and not for "fire and forget": spawn that into a
 * {@link taskGroup} that lives long enough.
 *
 * @returns what `fn` returned; a promise is not awaited
 * @throws what `fn` threw
 * @throws {TypeError} when `fn` is not a function
 * @example
 * let ready: Promise<Keys> | undefined
 * const keys = () => (ready ??= detached(() => fetchKeys()))
 */
export function detached<T>(fn: () => T): T {
  expectFunction('fn', fn)
  return callInScope(undefined, fn)
}
