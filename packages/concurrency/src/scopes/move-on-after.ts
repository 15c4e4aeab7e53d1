import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import type { Outcome } from './outcome.ts'
import type { CancelScope } from './scope.ts'
import { runTimeout, type TimeoutOptions } from './timeout.ts'

/** What {@link moveOnAfter} found: the value, or that the time was over. */
export type MovedOn<T> =
  | { readonly expired: false; readonly value: T }
  | {
      readonly expired: true
      readonly value: undefined
      /** Whether an effect may have happened all the same. */
      readonly outcome: Outcome
    }

/**
 * Like {@link withTimeout}, but an expiry is an answer and not an error.
 *
 * @example
 * const { expired, value } = await moveOnAfter(50, () => suggestions(word))
 */
export async function moveOnAfter<T>(
  timeoutMs: number,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options: TimeoutOptions = {},
): Promise<MovedOn<T>> {
  expectOptions(options, ['name', 'graceMs'], 'moveOnAfter')
  expectFunction('fn', fn)
  const body = async (scope: CancelScope): Promise<MovedOn<T>> => ({
    expired: false,
    value: await fn(scope),
  })
  return await runTimeout(timeoutMs, body, options, ({ outcome }) => ({
    expired: true,
    value: undefined,
    outcome,
  }))
}
