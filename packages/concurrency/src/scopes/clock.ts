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
    return new SystemTimer(delayMs, callback)
  },
}

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout

  constructor(delayMs: number, callback: () => void) {
    this.#handle = this.#arm(delayMs, callback)
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #arm(delayMs: number, callback: () => void): NodeJS.Timeout {
    if (delayMs <= MAX_DELAY_MS) return setTimeout(callback, delayMs)
    const dueAt = performance.now() + delayMs
    return setTimeout(() => {
      this.#handle = this.#arm(dueAt - performance.now(), callback)
    }, MAX_DELAY_MS)
  }
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
