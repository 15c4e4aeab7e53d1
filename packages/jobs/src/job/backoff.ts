import {
  backoff as fullJitter,
  expected,
  expectMilliseconds,
  expectOptions,
  fieldOf,
} from '@yuzuru/concurrency/boundary'

/** How long a job waits after a failed attempt: a random time up to a bound that doubles. */
export interface BackoffBounds {
  /** The bound after the first attempt, in milliseconds, from 0 up. @default 1_000 */
  readonly baseDelayMs?: number | undefined
  /** The bound of the bound, in milliseconds. @default 3_600_000 (an hour) */
  readonly maxDelayMs?: number | undefined
}

/** Bounds for full jitter, or a function that gives the wait in milliseconds after attempt 1, 2, … */
export type Backoff = BackoffBounds | ((attempt: number, error: unknown) => number)

/** The longest wait that is kept, in milliseconds: a year. */
const MAX_WAIT_MS = 31_536_000_000

/**
 * The wait before the next attempt, in milliseconds: what the other side asked for (`retryAfterMs` of
 * the error) where it is longer, else "full jitter" (AWS Architecture Blog, "Exponential Backoff And
 * Jitter").
 */
export function backoffDelay(
  backoff: Backoff,
  attempt: number,
  error: unknown,
  random: () => number = Math.random,
): number {
  const own =
    typeof backoff === 'function' ? backoff(attempt, error) : jittered(backoff, attempt, random)
  const wait = Math.max(Number.isFinite(own) ? own : 0, retryAfterOf(error), 0)
  return Math.min(wait, MAX_WAIT_MS)
}

function jittered(
  { baseDelayMs = 1_000, maxDelayMs = 3_600_000 }: BackoffBounds,
  attempt: number,
  random: () => number,
): number {
  return fullJitter({ baseDelayMs, maxDelayMs, random })(attempt)
}

function retryAfterOf(error: unknown): number {
  const retryAfterMs = fieldOf(error, 'retryAfterMs')
  return typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) ? retryAfterMs : 0
}

const BOUNDS = ['baseDelayMs', 'maxDelayMs'] as const satisfies (keyof BackoffBounds)[]

/** Throws unless `backoff` is a {@link Backoff}. */
export function expectBackoff(backoff: Backoff): void {
  if (typeof backoff === 'function') return
  if (typeof backoff !== 'object' || backoff === null) {
    throw expected('backoff to be an object or a function', backoff)
  }
  expectOptions(backoff, BOUNDS, 'defineJob.backoff')
  for (const name of BOUNDS) {
    const value = backoff[name]
    if (value !== undefined)
      expectMilliseconds(`backoff.${name}`, value, 0, Number.MAX_SAFE_INTEGER)
  }
}
