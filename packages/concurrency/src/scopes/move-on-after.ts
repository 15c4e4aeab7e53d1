import type { Outcome } from './outcome.ts'
import type { CancelScope } from './scope.ts'
import { runTimeout, type TimeoutOptions, type Verdict } from './timeout.ts'

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
 * Like {@link withTimeout}, but an expiry is a result and not an error: for work that is nice to have.
 * `outcome` of the result says whether an effect may have happened before the deadline.
 *
 * @param timeoutMs in milliseconds; at 0 or less the body never starts, `Infinity` means no limit
 * @returns `{ expired: false, value }`, or `{ expired: true, outcome }` when the deadline passed and `fn` let
 *   the cancel pass
 * @throws what `fn` threw
 * @throws {Cancelled} when a scope around it was cancelled
 * @throws {TypeError} when `timeoutMs` is not a number, or an option is unknown or has the wrong type
 * @example
 * const { expired, value } = await moveOnAfter(50, () => suggestions(word))
 */
export function moveOnAfter<T>(
  timeoutMs: number,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options?: TimeoutOptions,
): Promise<MovedOn<T>> {
  return runTimeout(timeoutMs, fn, options, movingOn, 'moveOnAfter')
}

const movingOn: Verdict<unknown, MovedOn<never>> = {
  returned: (value) => ({ expired: false, value: value as never }),
  expired: ({ outcome }) => ({ expired: true, value: undefined, outcome }),
}
