import { expected } from '../arguments/expected.ts'
import type { CancelScope } from './scope.ts'
import { runTimeout, throwing, type TimeoutOptions } from './timeout.ts'

/**
 * Like {@link withTimeout}, until a moment on the wall clock. If it has passed, the body never starts. A
 * change of the system's clock after the call has no effect.
 *
 * @returns what `fn` returned
 * @throws {TimeoutError} when the deadline passed and `fn` let the cancel pass
 * @throws {Cancelled} when a scope around it was cancelled
 * @throws {TypeError} when `deadline` is not a valid `Date`, or an option is unknown or has the wrong type
 * @example
 * await withDeadline(new Date(job.mustEndBy), () => work(job))
 */
export function withDeadline<T>(
  deadline: Date,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options?: TimeoutOptions,
): Promise<T> {
  const at = deadline instanceof Date ? deadline.getTime() : Number.NaN
  if (Number.isNaN(at)) return Promise.reject(expected('deadline to be a valid Date', deadline))
  return runTimeout(at - Date.now(), fn, options, throwing, 'withDeadline', 'deadline')
}
