/** How soon to look again at first, in milliseconds. */
const SOON_MS = 20

/** How much later at the most to look again at what was passed over, in milliseconds. */
const PASSED_OVER_MS = 1_000

/** How often one looks again who does not want to wait for a lock that is held for long: for 0.6 s in all. */
const FEW_LOOKS = 5

/**
 * When to look again though nothing is announced: at what was passed over, as another transaction had it locked (its end
 * tells nobody), or after a look that failed. Soon at first, and less and less often as long as that lasts.
 */
export class LookAgain {
  readonly #latestMs: number
  #looks = 0
  /** When, on this process's clock; `Infinity` when there is no need to. */
  at: number = Infinity

  /** @param latestMs how much later to look again at the most, in milliseconds */
  constructor(latestMs: number) {
    this.#latestMs = latestMs
  }

  /** One for what is passed over, in a worker that polls so often. */
  static atPassedOver(pollMs: number): LookAgain {
    return new LookAgain(Math.min(pollMs, PASSED_OVER_MS))
  }

  /** Whether the last look left something that may be had soon: most locks are held for a moment. */
  get isNear(): boolean {
    return this.#looks > 0 && this.#looks <= FEW_LOOKS
  }

  /** A look has ended. @param isNeeded whether it left something for another */
  looked(isNeeded: boolean, now: number = performance.now()): void {
    if (isNeeded) {
      const waitMs = Math.min(this.#latestMs, SOON_MS * 2 ** Math.min(this.#looks, 30))
      this.at = now + waitMs
      this.#looks += 1
    } else {
      this.at = Infinity
      this.#looks = 0
    }
  }
}
