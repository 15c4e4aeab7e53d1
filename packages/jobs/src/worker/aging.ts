/** How often a worker looks for jobs that have waited for long, in milliseconds. */
const INTERVAL_MS = 1_000

/** Of so many jobs that a worker takes one at the most is taken for its age. */
export const SHARE = 4

/**
 * When to take jobs for their age, and how many: once a second at the most, a twentieth of the time at the most, and
 * only where better ones keep others waiting, which is where the last claim by priority was full. Whatever waits, three
 * of four go by their priority.
 */
export class Aging {
  readonly #isOn: boolean
  #dueAt = -Infinity
  #isFull = false
  /** How many were taken for their priority that none has been taken beside for its age. */
  #credit = 0

  /** @param agingMs `Infinity` for never */
  constructor(agingMs: number) {
    this.#isOn = agingMs < Infinity
  }

  /** How many to take now; 0 for not to look. */
  most(limit: number, now: number): number {
    if (!this.#isOn || !this.#isFull || now < this.#dueAt) return 0
    return Math.min(limit, Math.floor(this.#credit / (SHARE - 1)))
  }

  /** So many were taken for their age, in so many milliseconds. */
  took(jobs: number, now: number, tookMs: number): void {
    this.#credit -= jobs * (SHARE - 1)
    this.#dueAt = now + Math.max(INTERVAL_MS, 20 * tookMs)
  }

  /** So many were taken by their priority, of so many that might have been. */
  tookByPriority(jobs: number, limit: number): void {
    this.#isFull = jobs >= limit
    // What is not used for long is not saved up for.
    this.#credit = Math.min(this.#credit + jobs, Math.max(SHARE - 1, limit))
  }
}
