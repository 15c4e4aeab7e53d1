import { cancelScope } from '../scopes/cancel-scope.ts'
import type { CancelScope } from '../scopes/scope.ts'
import { withTimeout } from '../scopes/timeout.ts'
import type { IoOptions } from './io-call.ts'

/**
 * Makes one call of several: one deadline and one signal hold for all of `fn`, and a failure counts what
 * the calls before it have done. For a verb that goes through {@link io} more than once.
 *
 * It checks no options: the verb does that before, with `expectOptions`.
 *
 * @param name shown in errors and the task tree, such as `jobs.prune`
 * @param options of the verb; only `signal` and `timeoutMs` are read
 * @returns what `fn` returned
 * @throws what `fn` threw, with the outcome of all that went on in it
 * @throws {TimeoutError} when `timeoutMs` has passed
 * @throws {Cancelled} when `signal` fired or the scope around it was cancelled
 * @example
 * await oneCall('plans.copy', { timeoutMs: 5_000 }, async () => {
 *   await read('a')
 *   await work()
 * })
 */
export function oneCall<T>(
  name: string,
  { signal, timeoutMs }: IoOptions,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
): Promise<T> {
  if (timeoutMs === undefined) return cancelScope(fn, { name, signal })
  const following = signal === undefined ? fn : () => cancelScope(fn, { name, signal })
  return withTimeout(timeoutMs, following, { name })
}
