import { SystemTimer } from './system-timer.ts'

/** A timer that was started. */
export interface Timer {
  /** Keeps it from firing; does nothing once it has fired. */
  cancel(): void
}

/** Where the package takes its time from. Tests install their own: see `@yuzuru/concurrency/testing`. */
export interface Clock {
  /** Milliseconds on a monotonic clock. */
  now(): number
  /**
   * Calls back once after `delayMs` milliseconds; any finite length, also beyond 2^31 − 1.
   *
   * @param now what `now()` has just returned, to save a second reading. @default `now()` is called
   */
  schedule(delayMs: number, callback: () => void, now?: number): Timer
}

/**
 * The real clock. Its timers share one timer of Node. They keep the process alive, and call back in the
 * context (`AsyncLocalStorage`) in which they were started.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (delayMs, callback, now = performance.now()) => new SystemTimer(delayMs, callback, now),
}

let active: Clock = systemClock

/** The clock that timeouts, sleeps and backoffs use now: the system's, or the one a test installed. */
export function currentClock(): Clock {
  return active
}

/**
 * Makes the package use another clock, and returns a function that restores the former one.
 * `TestClock.install()` is the usual way.
 */
export function installClock(clock: Clock): () => void {
  const former = active
  active = clock
  return () => {
    active = former
  }
}
