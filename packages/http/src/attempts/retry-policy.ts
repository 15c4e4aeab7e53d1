import {
  backoff,
  type BackoffDelay,
  expectFunction,
  expectInteger,
  expectMilliseconds,
  expectNumber,
  expectOptions,
  TRANSIENT_STATUSES,
} from '@yuzuru/concurrency/boundary'
import type { RetryWhen } from '../request/retry-when.ts'

/** When and how often a call is repeated. Only what is safe to repeat ever is. */
export interface HttpRetryOptions {
  /** How often a call is tried in all, the first time counted: 1 to 20. @default 3 */
  readonly attempts?: number | undefined
  /** The longest wait before the second attempt, in milliseconds; doubled for each further one. @default 200 */
  readonly baseDelayMs?: number | undefined
  /** The longest wait of our own choosing, in milliseconds. @default 10_000 */
  readonly maxDelayMs?: number | undefined
  /** The longest wait that a server may ask for, in milliseconds; a longer one fails the call at once. @default 60_000 */
  readonly maxRetryAfterMs?: number | undefined
  /** Which statuses are worth a repeat. @default 408, 425, 429, 500, 502, 503, 504 */
  readonly statuses?: readonly number[] | undefined
  /**
   * Decides by the whole answer whether it is worth a repeat, before `statuses`: it sees the status, the
   * headers, and the first 4 kB of the body. A request that changes something is repeated too where it says
   * true, if the answer says that nothing was done. Not asked for answers that `acceptStatus` takes.
   *
   * @default by `statuses` alone
   */
  readonly when?: RetryWhen | undefined
  /** How many repeats each call to an origin earns: 0 to 1. @default 0.2 */
  readonly budgetRatio?: number | undefined
  /**
   * How many repeats an origin may get beyond that, and how many can be saved up: an integer from 0 up,
   * or `Infinity`. @default 50
   */
  readonly budgetReserve?: number | undefined
  /** Gives 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined
}

const RETRY_OPTIONS = Object.keys({
  attempts: true,
  baseDelayMs: true,
  maxDelayMs: true,
  maxRetryAfterMs: true,
  statuses: true,
  when: true,
  budgetRatio: true,
  budgetReserve: true,
  random: true,
} satisfies Record<keyof HttpRetryOptions, true>)

/** The retry options with their defaults, checked. */
export interface RetryPolicy {
  readonly attempts: number
  readonly maxRetryAfterMs: number
  readonly statuses: ReadonlySet<number>
  readonly when: RetryWhen | undefined
  readonly budgetRatio: number
  readonly budgetReserve: number
  /** How long to wait after a failed attempt; what the server asked for is the least. */
  readonly delayMs: BackoffDelay
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} unless all options are in their ranges
 */
export function expectRetry(
  options: HttpRetryOptions | false | undefined,
): RetryPolicy | undefined {
  if (options === false) return undefined
  expectOptions(options, RETRY_OPTIONS, 'createHttp.retry')
  const { attempts = 3, baseDelayMs = 200, maxDelayMs = 10_000, random } = options ?? {}
  const { maxRetryAfterMs = 60_000, budgetRatio = 0.2, budgetReserve = 50 } = options ?? {}
  const { statuses, when } = options ?? {}
  expectInteger('retry.attempts', attempts, 1, 20)
  expectMilliseconds('retry.maxRetryAfterMs', maxRetryAfterMs)
  expectNumber('retry.budgetRatio', budgetRatio, 0, 1)
  expectInteger('retry.budgetReserve', budgetReserve, 0, Infinity)
  if (when !== undefined) expectFunction('retry.when', when)
  for (const status of statuses ?? []) expectInteger('retry.statuses', status, 300, 599)
  return {
    attempts,
    maxRetryAfterMs,
    budgetRatio,
    budgetReserve,
    when,
    statuses: statuses === undefined ? TRANSIENT_STATUSES : new Set(statuses),
    delayMs: backoff({ baseDelayMs, maxDelayMs, random }),
  }
}
