import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction, expectInteger } from '../arguments/expected.ts'
import { expectMilliseconds } from '../arguments/expect-kind.ts'

/** Options of {@link backoff}. */
export interface BackoffOptions {
  /** The bound of the wait after the first attempt, in milliseconds; doubled for each further one. @default 100 */
  readonly baseDelayMs?: number | undefined
  /** The bound of the bound, in milliseconds; `Infinity` for none. @default 10_000 */
  readonly maxDelayMs?: number | undefined
  /** Gives 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined
}

/**
 * How long to wait before the next attempt, in milliseconds.
 *
 * @param attempt the attempt that has failed: 1, 2, …
 * @param retryAfterMs what the other side asked for: the wait is never shorter
 */
export type BackoffDelay = (attempt: number, retryAfterMs?: number) => number

/** Doubling it more often adds nothing that a timer could wait for, and would end at `Infinity`. */
const MAX_DOUBLINGS = 64

/**
 * Makes the one formula for waits between attempts: a random time from 0 up to a bound that doubles
 * with each attempt ("full jitter", AWS Architecture Blog, "Exponential Backoff And Jitter"), so that
 * callers that failed together do not come back together. A `Retry-After` of the other side is a floor
 * and not a replacement: `Retry-After: 0` must not turn a loop of attempts into a hot one.
 *
 * It only calculates. {@link sleep} waits, and obeys the scope; compare with `remaining()` first to fail
 * at once where the wait would pass the deadline.
 *
 * @throws {TypeError} unless `baseDelayMs` is a finite number from 0 up, `maxDelayMs` a number from 0 up
 * @example
 * const delayMs = backoff({ baseDelayMs: 50, maxDelayMs: 2_000 })
 * for (let attempt = 1; !(await isReady()); attempt += 1) await sleep(delayMs(attempt))
 */
export function backoff(options: BackoffOptions = {}): BackoffDelay {
  expectOptions(options, ['baseDelayMs', 'maxDelayMs', 'random'], 'backoff')
  const { baseDelayMs = 100, maxDelayMs = 10_000, random = Math.random } = options
  expectMilliseconds('baseDelayMs', baseDelayMs, 0, Number.MAX_SAFE_INTEGER)
  expectMilliseconds('maxDelayMs', maxDelayMs)
  expectFunction('random', random)
  return (attempt, retryAfterMs = 0) => {
    expectInteger('attempt', attempt, 1)
    const doublings = Math.min(attempt - 1, MAX_DOUBLINGS)
    const bound = Math.min(maxDelayMs, baseDelayMs * 2 ** doublings)
    return Math.max(retryAfterMs, random() * bound)
  }
}
