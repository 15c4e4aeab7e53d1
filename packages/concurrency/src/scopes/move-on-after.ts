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
 * Like {@link withTimeout}, but an expiry is an answer and not an error.
 *
 * @example
 * const { expired, value } = await moveOnAfter(50, () => suggestions(word))
 */
export function moveOnAfter<T>(
  timeoutMs: number,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options: TimeoutOptions = {},
): Promise<MovedOn<T>> {
  return runTimeout(timeoutMs, fn, options, movingOn, 'moveOnAfter')
}

const movingOn: Verdict<unknown, MovedOn<never>> = {
  returned: (value) => ({ expired: false, value: value as never }),
  expired: ({ outcome }) => ({ expired: true, value: undefined, outcome }),
}
