import { currentClock } from './clock.ts'

/** A stack that is put into words only when it is read. */
export interface CallPlace {
  readonly stack?: string
}

/**
 * To capture a stack takes from 3 µs to 40, by its depth and the machine. In each window of the clock so
 * many have one, and more while that takes no more than so much time; the others go without.
 */
const WINDOW_MS = 100
const ALWAYS = 20
const AT_MOST = 100
const SPENT_MS = WINDOW_MS / 200

let windowStart = 0
let captured = 0
let spentMs = 0

/**
 * Where the caller of `from` is. `undefined` when so many were asked for of late that more would
 * cost over half a percent of the time; never so when `always` is set.
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
  const isCheap = captured < ALWAYS || (captured < AT_MOST && spentMs < SPENT_MS)
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
