/** How far ahead a worker takes, in milliseconds of work at its present pace. */
const AHEAD_MS = 100

/** The most jobs of one claim, and the most that wait in a worker. */
export const MOST = 2_000

/**
 * How many jobs to take beyond those that can begin at once: as many as end within a tenth of a second. So a
 * worker of short jobs never waits for its next claim, and one of long jobs keeps none from other workers.
 */
export class Prefetch {
  #ended = 0
  #at = performance.now()
  /** Attempts that end per millisecond: rises at once, falls by half a measurement. */
  #rate = 0

  /** The number of jobs that may wait. */
  get target(): number {
    return Math.min(MOST, Math.floor(this.#rate * AHEAD_MS))
  }

  /** @param ended how many attempts have ended so far */
  measure(ended: number): void {
    const now = performance.now()
    const tookMs = now - this.#at
    if (tookMs < 1) return
    this.#rate = Math.max((ended - this.#ended) / tookMs, this.#rate / 2)
    this.#ended = ended
    this.#at = now
  }
}
