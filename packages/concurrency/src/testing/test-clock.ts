import { setImmediate } from 'node:timers/promises'
import { type Clock, installClock, type Timer } from '../scopes/clock.ts'

interface Due {
  readonly at: number
  readonly callback: () => void
}

/**
 * A clock that only moves when a test moves it. While it is installed every timeout, sleep and backoff
 * of the package uses it.
 *
 * @example
 * using clock = TestClock.install()
 * const slept = sleep(60_000)
 * await clock.advance(60_000)
 * await slept
 */
export class TestClock implements Clock, Disposable {
  #now = 0
  #timers = new Set<Due>()
  #uninstall: (() => void) | undefined

  /** Makes one and puts it in force until it is disposed of. */
  static install(): TestClock {
    const clock = new TestClock()
    clock.#uninstall = installClock(clock)
    return clock
  }

  /** The time of this clock, in milliseconds. */
  now(): number {
    return this.#now
  }

  /** Arms a timer that fires when the clock is moved that far. */
  schedule(delayMs: number, callback: () => void): Timer {
    const due: Due = { at: this.#now + delayMs, callback }
    this.#timers.add(due)
    return { cancel: () => this.#timers.delete(due) }
  }

  /** How many timers are armed. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves on by `ms` milliseconds, firing what is due in order, and lets what wakes up settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await setImmediate()
    for (let due = this.#next(end); due !== undefined; due = this.#next(end)) {
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
      await setImmediate()
    }
    this.#now = end
  }

  /** Lets what runs settle, then moves on to the next timer, if there is one, and fires it. */
  async advanceToNext(): Promise<void> {
    await setImmediate()
    const next = this.#next(Infinity)
    if (next !== undefined) await this.advance(next.at - this.#now)
  }

  /** Restores the clock that was in force before. */
  [Symbol.dispose](): void {
    this.#uninstall?.()
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined
    for (const due of this.#timers) {
      if (due.at <= end && (first === undefined || due.at < first.at)) first = due
    }
    return first
  }
}
