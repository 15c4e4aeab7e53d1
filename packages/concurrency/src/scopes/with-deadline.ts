import { expectOptions } from '../arguments/expect-options.ts'
import { expected } from '../arguments/expected.ts'
import type { CancelScope } from './scope.ts'
import { type TimeoutOptions, withTimeout } from './timeout.ts'

/**
 * Like {@link withTimeout}, until a moment on the wall clock. If it has passed, the body never starts.
 *
 * @example
 * await withDeadline(new Date(job.mustEndBy), () => work(job))
 */
export async function withDeadline<T>(
  deadline: Date,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options: TimeoutOptions = {},
): Promise<T> {
  expectOptions(options, ['name', 'graceMs'], 'withDeadline')
  const at = deadline instanceof Date ? deadline.getTime() : Number.NaN
  if (Number.isNaN(at)) {
    throw expected('deadline to be a valid Date', deadline)
  }
  return await withTimeout(at - Date.now(), fn, { name: 'deadline', ...options })
}
