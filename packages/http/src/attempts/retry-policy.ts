import { expectOptions } from '@yuzuru/concurrency/boundary'
import { expectAmount, expectInteger } from '../expect-number.ts'
import { TRANSIENT_STATUSES } from '../response/status-failure.ts'

/** When and how often a call is repeated. Only what is safe to repeat ever is. */
export interface HttpRetryOptions {
  /** How often it is tried at the most: 1 to 20. @default 3 */
  readonly attempts?: number
  /** The longest wait before the second attempt, in milliseconds; doubled for each further one. @default 200 */
  readonly baseDelayMs?: number
  /** The longest wait of our own choosing, in milliseconds. @default 10_000 */
  readonly maxDelayMs?: number
  /** The longest wait that a server may ask for; a longer one fails the call at once. @default 60_000 */
  readonly maxRetryAfterMs?: number
  /** Which statuses are worth a repeat. @default 408, 425, 429, 500, 502, 503, 504 */
  readonly statuses?: readonly number[]
  /** How many repeats each call to an origin pays for, 0 to 1. @default 0.2 */
  readonly budgetRatio?: number
  /** How many repeats an origin may be burdened with beyond that. @default 50 */
  readonly budgetReserve?: number
  /** Gives 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: () => number
}

const RETRY_OPTIONS = Object.keys({
  attempts: true,
  baseDelayMs: true,
  maxDelayMs: true,
  maxRetryAfterMs: true,
  statuses: true,
  budgetRatio: true,
  budgetReserve: true,
  random: true,
} satisfies Record<keyof HttpRetryOptions, true>)

export interface RetryPolicy extends Omit<Required<HttpRetryOptions>, 'statuses'> {
  readonly statuses: ReadonlySet<number>
}

export function expectRetry(
  options: HttpRetryOptions | false | undefined,
): RetryPolicy | undefined {
  if (options === false) return undefined
  expectOptions(options, RETRY_OPTIONS, 'createHttp.retry')
  const { attempts = 3, baseDelayMs = 200, maxDelayMs = 10_000 } = options ?? {}
  const { maxRetryAfterMs = 60_000, budgetRatio = 0.2, budgetReserve = 50 } = options ?? {}
  const { statuses, random = Math.random } = options ?? {}
  expectInteger('retry.attempts', attempts, 1, 20)
  expectAmount('retry.baseDelayMs', baseDelayMs)
  expectAmount('retry.maxDelayMs', maxDelayMs)
  expectAmount('retry.maxRetryAfterMs', maxRetryAfterMs)
  expectAmount('retry.budgetReserve', budgetReserve)
  expectAmount('retry.budgetRatio', budgetRatio)
  if (budgetRatio > 1)
    throw new TypeError(`Expected retry.budgetRatio to be 0 to 1, got ${budgetRatio}`)
  for (const status of statuses ?? []) expectInteger('retry.statuses', status, 300, 599)
  return {
    attempts,
    baseDelayMs,
    maxDelayMs,
    maxRetryAfterMs,
    budgetRatio,
    budgetReserve,
    random,
    statuses: statuses === undefined ? TRANSIENT_STATUSES : new Set(statuses),
  }
}

/** How long to wait after a failed attempt: what the server asked for, else a random part of a bound. */
export function delayBefore(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | undefined,
): number {
  if (retryAfterMs !== undefined) return retryAfterMs
  return policy.random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1))
}
