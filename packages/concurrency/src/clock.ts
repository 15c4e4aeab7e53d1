/** A timer that was started. */
export interface Timer {
  cancel(): void
}

/** Where the package takes its time from. Tests install their own: see `@yuzuru/concurrency/testing`. */
export interface Clock {
  /** Milliseconds on a monotonic clock. */
  now(): number
  /** Calls back once after `delayMs` milliseconds; any finite length, also beyond 2^31 − 1. */
  schedule(delayMs: number, callback: () => void): Timer
}

/** The longest delay that `setTimeout` takes (HTML: a 32-bit signed integer). */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The real clock: `performance.now()` and `setTimeout`. Its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, callback) {
    if (delayMs <= MAX_DELAY_MS) {
      const handle = setTimeout(callback, delayMs)
      return { cancel: () => clearTimeout(handle) }
    }
    const dueAt = performance.now() + delayMs
    const arm = (): NodeJS.Timeout => {
      const left = dueAt - performance.now()
      return left <= MAX_DELAY_MS
        ? setTimeout(callback, left)
        : setTimeout(() => (handle = arm()), MAX_DELAY_MS)
    }
    let handle = arm()
    return { cancel: () => clearTimeout(handle) }
  },
}

let active: Clock = systemClock

/** The clock in force. */
export function currentClock(): Clock {
  return active
}

/** Puts another clock in force and returns what puts the former one back. */
export function installClock(clock: Clock): () => void {
  const former = active
  active = clock
  return () => {
    active = former
  }
}
