import { currentClock } from '@yuzuru/concurrency'
import type { BackoffDelay, Closing } from '@yuzuru/concurrency/boundary'

/**
 * Holds back everything for a while when the server asks for that. Each time that it asks again makes the
 * wait longer, until something goes through.
 */
export class Brake {
  readonly #delayMs: BackoffDelay
  #until = 0
  #strikes = 0

  constructor(delayMs: BackoffDelay) {
    this.#delayMs = delayMs
  }

  /** The server asked for it. What it says to those that are under way meanwhile counts once. */
  hold(): void {
    const now = currentClock().now()
    if (now < this.#until) return
    this.#strikes += 1
    this.#until = now + this.#delayMs(this.#strikes)
  }

  /** Something went through. */
  release(): void {
    this.#strikes = 0
  }

  /** Waits as long as it holds, or until `close` cuts it off. */
  async pass(life: Closing): Promise<void> {
    while (!life.signal.aborted) {
      const leftMs = this.#until - currentClock().now()
      if (leftMs <= 0) return
      await life.pause(leftMs)
    }
  }
}
