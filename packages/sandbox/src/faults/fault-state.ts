import type { Faults } from './faults.ts'

/** The faults in force, what is left of the counted ones, and the waiters for a change. */
export class FaultState {
  #faults: Faults = {}
  #repliesLeft = 0
  #statusesLeft = 0
  #struck = 0
  #generation = 0
  #changed = Promise.withResolvers<void>()

  get faults(): Faults {
    return this.#faults
  }

  /** Grows with every change: what a connection has counted is void then. */
  get generation(): number {
    return this.#generation
  }

  /** How many replies were dropped and statuses given since the faults were set. */
  get struck(): number {
    return this.#struck
  }

  set(faults: Faults): void {
    this.#faults = faults
    this.#repliesLeft = faults.dropReply?.times ?? Infinity
    this.#statusesLeft = faults.status?.times ?? Infinity
    this.#struck = 0
    this.#generation += 1
    const before = this.#changed
    this.#changed = Promise.withResolvers()
    before.resolve()
  }

  /** Waits while nothing may pass. */
  async passable(): Promise<void> {
    while (this.#faults.halfOpen) await this.#changed.promise
  }

  /** Whether this reply is to be dropped; it is counted then. */
  takeReply(): boolean {
    if (!this.#faults.dropReply || this.#repliesLeft === 0) return false
    this.#repliesLeft -= 1
    this.#struck += 1
    return true
  }

  /** The answer to give in the server's place; it is counted then. */
  takeStatus(requestLine: string): Faults['status'] {
    const { status } = this.#faults
    if (!status || this.#statusesLeft === 0 || !requestLine.includes(status.when ?? '')) {
      return undefined
    }
    this.#statusesLeft -= 1
    this.#struck += 1
    return status
  }
}
