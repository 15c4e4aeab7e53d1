import { sleep } from '@yuzuru/concurrency'

/** How a run is parked. */
export interface Parked {
  /** The job is due again in so many milliseconds at the latest. */
  readonly delayMs: number
  /** Whether it is due sooner when something comes. */
  readonly waits: boolean
}

/** How long something waits that nothing ends: a hundred years, the most that a job may be put off. */
const LONGEST_MS = 3_153_600_000_000

/**
 * Lets the steps of one run sleep, and wait. As soon as none of them does anything else, the run is to be ended, and
 * begun again when the first sleep is over, or what is waited for has come.
 */
export class Parking {
  readonly #park: (parked: Parked) => void
  readonly #sleepers = new Set<{ readonly wakeAt: number; readonly waits: boolean }>()
  /** How many steps do something. */
  #busy = 0

  /** @param park ends the run */
  constructor(park: (parked: Parked) => void) {
    this.#park = park
  }

  /** A step that does something, and not only sleep. */
  async during<T>(fn: () => Promise<T>): Promise<T> {
    this.#busy += 1
    try {
      return await fn()
    } finally {
      this.#busy -= 1
      this.#look()
    }
  }

  /** Returns when the time is over, if the run has not been ended by then. */
  async sleep(ms: number): Promise<void> {
    await this.#sleep(ms, { wakeAt: performance.now() + ms, waits: false })
  }

  /**
   * Waits for something that may come, for a moment: the caller then looks again.
   *
   * @param leftMs how long the wait may last in all
   */
  async wait(forMs: number, leftMs: number): Promise<void> {
    const wakeAt = performance.now() + Math.min(leftMs, LONGEST_MS)
    await this.#sleep(Math.min(forMs, leftMs), { wakeAt, waits: true })
  }

  async #sleep(
    ms: number,
    sleeper: { readonly wakeAt: number; readonly waits: boolean },
  ): Promise<void> {
    this.#sleepers.add(sleeper)
    this.#look()
    try {
      await sleep(ms)
    } finally {
      this.#sleepers.delete(sleeper)
    }
  }

  #look(): void {
    if (!this.#sleepsOnly) return
    // A turn later: the handler may ask for its next step.
    setImmediate(() => {
      if (!this.#sleepsOnly) return
      const all = [...this.#sleepers]
      const wakeAt = Math.min(...all.map((each) => each.wakeAt))
      const waits = all.some((each) => each.waits)
      this.#park({ delayMs: Math.max(0, wakeAt - performance.now()), waits })
    })
  }

  get #sleepsOnly(): boolean {
    return this.#busy === 0 && this.#sleepers.size > 0
  }
}
