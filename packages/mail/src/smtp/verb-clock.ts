import { currentClock, detached, type Timer } from '@yuzuru/concurrency'

/**
 * The total time of each step of the dialogue: a server that says a line now and then, and never comes to
 * the end of its answer, is not silent, so a limit for silence never ends it.
 */
export class VerbClock {
  readonly #limitMs: number
  readonly #onLate: () => void
  #since: number
  #timer: Timer | undefined

  /** @param onLate called once when a step has taken longer than `limitMs` */
  constructor(limitMs: number, onLate: () => void) {
    this.#limitMs = limitMs
    this.#onLate = onLate
    this.#since = currentClock().now()
    if (limitMs < Infinity) this.#arm(limitMs)
  }

  /** The server was asked for something, has answered, or took a part of the message. */
  next(): void {
    this.#since = currentClock().now()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** One timer for all steps: it looks again when it fires early. */
  #arm(delayMs: number): void {
    this.#timer = detached(() =>
      currentClock().schedule(delayMs, () => {
        const leftMs = this.#since + this.#limitMs - currentClock().now()
        if (leftMs > 0) this.#arm(leftMs)
        else this.#onLate()
      }),
    )
  }
}
