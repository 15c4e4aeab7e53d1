import type { TaskGroup } from '@yuzuru/concurrency'
import type { Attempt } from './attempt.ts'
import { Wake } from './wake.ts'

/** What a {@link Crew} does. */
export interface CrewParts {
  /** Runs one; it never throws. */
  readonly run: (attempt: Attempt) => Promise<void>
  /** A runner is done with it. */
  readonly onFree: (attempt: Attempt) => void
  /** It was still waiting when the crew was closed. */
  readonly onLeft: (attempt: Attempt) => void
}

/**
 * Runs attempts, so many at once, each runner one after the other: a task for each runner, and none for each
 * attempt. What is pushed beyond that waits its turn.
 */
export class Crew {
  readonly #group: TaskGroup
  /** How many run at once. */
  readonly size: number
  readonly #parts: CrewParts
  readonly #eased = new Wake()
  readonly #idle: ((attempt: Attempt | undefined) => void)[] = []
  #waiting: Attempt[] = []
  /** What stands before this place in `#waiting` was taken. */
  #next = 0
  #runners = 0
  #isClosed = false
  /** How many attempts have ended so far. */
  ended = 0
  /** How many run. */
  busy = 0

  constructor(group: TaskGroup, size: number, parts: CrewParts) {
    this.#group = group
    this.size = size
    this.#parts = parts
  }

  /** How many wait for a runner. */
  get waiting(): number {
    return this.#waiting.length - this.#next
  }

  get free(): number {
    return this.size - this.busy
  }

  push(attempts: readonly Attempt[]): void {
    if (this.#isClosed) {
      for (const attempt of attempts) this.#parts.onLeft(attempt)
      return
    }
    for (const attempt of attempts) {
      const hand = this.#idle.pop()
      if (hand === undefined) this.#waiting.push(attempt)
      else {
        this.busy += 1
        hand(attempt)
      }
    }
    while (this.waiting > 0 && this.#runners < this.size) {
      const attempt = this.#take()
      this.#runners += 1
      this.#group.spawn(() => this.#work(attempt), { name: 'runner' })
    }
  }

  /** Lets no more begin. */
  close(): void {
    this.#isClosed = true
    const left = this.#waiting.slice(this.#next)
    this.#waiting = []
    this.#next = 0
    for (const attempt of left) this.#parts.onLeft(attempt)
    for (const hand of this.#idle.splice(0)) hand(undefined)
  }

  /** Waits, once it is closed, until none runs. */
  async idle(): Promise<void> {
    while (this.busy > 0) await this.#eased.wait(Infinity)
  }

  async #work(first: Attempt | undefined): Promise<void> {
    let attempt = first
    while (attempt !== undefined) {
      await this.#parts.run(attempt)
      this.busy -= 1
      this.ended += 1
      this.#parts.onFree(attempt)
      if (this.#isClosed && this.busy === 0) this.#eased.signal()
      attempt = this.#take() ?? (await this.#wait())
    }
  }

  #take(): Attempt | undefined {
    const attempt = this.#waiting[this.#next]
    if (attempt === undefined) return undefined
    this.#next += 1
    if (this.#next === this.#waiting.length) {
      this.#waiting = []
      this.#next = 0
    }
    this.busy += 1
    return attempt
  }

  async #wait(): Promise<Attempt | undefined> {
    if (this.#isClosed) return undefined
    const { promise, resolve } = Promise.withResolvers<Attempt | undefined>()
    this.#idle.push(resolve)
    return await promise
  }
}
