/** A stack that is put into words only when it is read. */
export interface CallPlace {
  readonly stack?: string
}

/** To capture a stack takes about 5 µs: so many in each window, and the others go without. */
const CAPTURES = 100
const WINDOW_MS = 100

let windowStart = 0
let captured = 0

/**
 * Where the caller of `from` is. `undefined` when so many were asked for of late that it would cost
 * more than half a percent of the time; never so when `always` is set.
 */
export function captureCallPlace(
  from: (...args: never[]) => unknown,
  now: number,
  always: boolean,
): CallPlace | undefined {
  if (now < windowStart || now - windowStart >= WINDOW_MS) {
    windowStart = now
    captured = 0
  }
  captured += 1
  if (captured > CAPTURES && !always) return undefined
  return captureStack(from)
}

/** Where the caller of `from` is. */
export function captureStack(from: (...args: never[]) => unknown): CallPlace {
  const place: CallPlace = {}
  Error.captureStackTrace(place, from)
  return place
}
