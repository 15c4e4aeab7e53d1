import { currentClock } from '@yuzuru/concurrency'
import type { Permit } from '@yuzuru/concurrency/sync'

/** How long the pool stays small before it tries one more connection; doubled while that is refused. */
const GROW_MS = 10_000
const MAX_GROW_MS = 300_000

/**
 * How many connections the server lets us have, as far as it has said: each one that it refuses while
 * others work takes a permit out of use, and from time to time one of them comes back.
 */
export class ServerLimit {
  readonly #most: number
  readonly #withheld: Permit[] = []
  /** How many are to be withheld when they are given back. */
  #owed = 0
  #delayMs = GROW_MS
  #growAt = 0

  constructor(most: number) {
    this.#most = most
  }

  /** The server refused one more. There is always one left. */
  shrink(): void {
    this.#growAt = currentClock().now() + this.#delayMs
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_GROW_MS)
    if (this.#withheld.length + this.#owed < this.#most - 1) this.#owed += 1
  }

  /** It refused all of them: that says nothing of how many it takes. */
  forget(): void {
    this.#delayMs = GROW_MS
    if (this.#owed > 0) this.#owed -= 1
    else this.#withheld.pop()?.release()
  }

  /** It took one. */
  opened(): void {
    this.#delayMs = GROW_MS
  }

  /** The permit as its user has it. */
  held(permit: Permit): Permit {
    let isHeld = true
    const release = (): void => {
      if (isHeld) this.#giveBack(permit)
      isHeld = false
    }
    return { release, [Symbol.dispose]: release }
  }

  #giveBack(permit: Permit): void {
    if (this.#owed === 0) permit.release()
    else {
      this.#owed -= 1
      this.#withheld.push(permit)
    }
    this.grow()
  }

  /** Puts a permit back into use when it is time: the next one tries a new connection with it. */
  grow(): void {
    const now = currentClock().now()
    if (this.#withheld.length === 0 || now < this.#growAt) return
    this.#growAt = now + this.#delayMs
    this.#withheld.pop()?.release()
  }
}
