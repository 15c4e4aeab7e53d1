/** Less than this, in milliseconds, is not worth telling apart: a timer is as coarse. */
const FLOOR_MS = 5

/** How many names are told apart. All others share one. */
const MOST_NAMES = 200

const OTHERS = 'others'

/** The share of a new mean in what was known before, and where the best was looked for. */
const SHARE = 0.05
const BEST_SHARE = 0.3

/** A mean below this share of what was known is less, and not only by chance. */
const CLEARLY_LESS = 0.8

interface Mean {
  sum: number
  count: number
}

/**
 * How long requests of each name take when the server has time for them. A long poll is then no slower
 * than a lookup: each is held against its own kind.
 */
export class Baselines {
  readonly #known = new Map<string, number>()
  /** What was measured since the last {@link forget}. */
  readonly #measured = new Map<string, Mean>()

  get size(): number {
    return this.#known.size
  }

  /** How many times its usual time `ms` is; `undefined` where nothing is known of it. */
  ratioOf(name: string, ms: number): number | undefined {
    const known = this.#known.get(this.#keyOf(name))
    return known === undefined ? undefined : Math.max(ms, FLOOR_MS) / known
  }

  measure(name: string, ms: number): void {
    const key = this.#keyOf(name)
    const mean = this.#measured.get(key) ?? { sum: 0, count: 0 }
    mean.sum += Math.max(ms, FLOOR_MS)
    mean.count += 1
    this.#measured.set(key, mean)
  }

  forget(): void {
    this.#measured.clear()
  }

  /** Takes what was measured of names that are not known yet. */
  learnNew(): void {
    for (const [name, { sum, count }] of this.#measured) {
      const key = this.#keyOf(name)
      if (!this.#known.has(key)) this.#known.set(key, sum / count)
    }
  }

  /**
   * Takes what was measured when there was little to do.
   *
   * @param isBest whether it was measured to find the best there is: what is clearly less is taken as it is
   */
  learn(isBest: boolean): void {
    for (const [name, { sum, count }] of this.#measured) {
      const key = this.#keyOf(name)
      const mean = sum / count
      const known = this.#known.get(key) ?? mean
      const isLess = isBest && mean < known * CLEARLY_LESS
      this.#known.set(key, isLess ? mean : known + (isBest ? BEST_SHARE : SHARE) * (mean - known))
    }
  }

  #keyOf(name: string): string {
    return this.#known.has(name) || this.#known.size < MOST_NAMES ? name : OTHERS
  }
}
