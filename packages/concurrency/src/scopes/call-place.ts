import { currentClock } from './clock.ts'

/** A captured stack. V8 formats it only when `stack` is read. */
export interface CallPlace {
  readonly stack?: string
}

/**
 * Capturing a stack takes 3 to 40 µs, depending on its depth and the machine. In each window of
 * `WINDOW_MS`, `ALWAYS_CAPTURED` places are captured whatever they cost, and up to `MAX_CAPTURED` while
 * they have taken less than `MAX_SPENT_MS` together.
 */
const WINDOW_MS = 100
const ALWAYS_CAPTURED = 20
const MAX_CAPTURED = 100
const MAX_SPENT_MS = WINDOW_MS / 200

let windowStart = 0
let captured = 0
let spentMs = 0

/**
 * Where the caller of `from` is. `undefined` when so many were captured lately that another would cost more
 * than half a percent of the time, unless `always` is set.
 */
export function captureCallPlace(
  from: (...args: never[]) => unknown,
  now: number,
  always: boolean,
): CallPlace | undefined {
  if (now < windowStart || now - windowStart >= WINDOW_MS) {
    windowStart = now
    captured = 0
    spentMs = 0
  }
  const isCheap = captured < ALWAYS_CAPTURED || (captured < MAX_CAPTURED && spentMs < MAX_SPENT_MS)
  if (!isCheap && !always) return undefined
  captured += 1
  const place = captureStack(from)
  spentMs += currentClock().now() - now
  return place
}

/** Where the caller of `from` is. */
export function captureStack(from: (...args: never[]) => unknown): CallPlace {
  const place: CallPlace = {}
  Error.captureStackTrace(place, from)
  return place
}
