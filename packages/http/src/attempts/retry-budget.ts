/**
 * How many repeats an origin may still be burdened with. Each call adds a fraction of a repeat, each
 * repeat takes one: when everything fails the repeats are a fraction of the load and not a multiple
 * of it (as in Finagle's RetryBudget; see also Google's SRE book, "Handling Overload").
 */
export class RetryBudget {
  readonly #ratio: number
  readonly #most: number
  #tokens: number

  /**
   * @param ratio repeats per call, 0 to 1
   * @param reserve how many repeats there are to begin with, and to save up to
   */
  constructor(ratio: number, reserve: number) {
    this.#ratio = ratio
    this.#most = reserve
    this.#tokens = reserve
  }

  /** A call was begun. */
  deposit(): void {
    if (this.#tokens < this.#most) this.#tokens = Math.min(this.#most, this.#tokens + this.#ratio)
  }

  /** Takes a repeat. `false`: there is none left. */
  take(): boolean {
    // A sum of tenths may be a hair below one.
    if (this.#tokens < 1 - 1e-9) return false
    this.#tokens -= 1
    return true
  }
}
