import { sleep } from '@yuzuru/concurrency'

/**
 * Lets the steps of one run sleep. As soon as none of them does anything else, the run is to be ended, and begun again
 * when the first sleep is over.
 */
export class Parking {
  readonly #park: (delayMs: number) => void
  readonly #sleepers = new Set<{ readonly wakeAt: number }>()
  /** How many steps do something. */
  #busy = 0

  /** @param park ends the run; the job is due again in so many milliseconds */
  constructor(park: (delayMs: number) => void) {
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
    const sleeper = { wakeAt: performance.now() + ms }
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
      const wakeAt = this.#sleepers
        .values()
        .reduce((min, each) => Math.min(min, each.wakeAt), Infinity)
      this.#park(Math.max(0, wakeAt - performance.now()))
    })
  }

  get #sleepsOnly(): boolean {
    return this.#busy === 0 && this.#sleepers.size > 0
  }
}
