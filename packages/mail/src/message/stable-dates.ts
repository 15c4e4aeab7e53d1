/** How many keys are remembered; the oldest goes first. */
const MOST_KEYS = 10_000

/**
 * When each key was first sent, so that a repeat has the same Date and with it the same bytes. It lasts
 * as long as the client; across processes the caller has to give the date.
 */
export class StableDates {
  readonly #dates = new Map<string, number>()

  of(key: string | undefined): number {
    const now = Date.now()
    if (key === undefined) return now
    const known = this.#dates.get(key)
    if (known !== undefined) return known
    if (this.#dates.size >= MOST_KEYS) {
      const [oldest = ''] = this.#dates.keys()
      this.#dates.delete(oldest)
    }
    this.#dates.set(key, now)
    return now
  }
}
