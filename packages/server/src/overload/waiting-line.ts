import { type Link, Ring } from '@yuzuru/concurrency/boundary'
import type { RequestPriority } from './request-priority.ts'

/** What can wait: a probe never does. */
interface Waiter<T extends Waiter<T>> extends Link<T> {
  readonly priority: RequestPriority
}

/**
 * Those that wait for a turn. Interactive ones go before batch ones. Among equals the first goes first,
 * until more come than may wait: from then on the newest goes first, until the line is empty. What came
 * first has by then waited so long that its client has given up, or soon will.
 */
export class WaitingLine<T extends Waiter<T>> {
  readonly #interactive: Ring<T> = new Ring()
  readonly #batch: Ring<T> = new Ring()
  #size = 0
  #isNewestFirst = false

  /** Whether more came than may wait, and some wait still. */
  get isOverflowing(): boolean {
    return this.#isNewestFirst
  }

  get size(): number {
    return this.#size
  }

  /**
   * Adds one that waits.
   *
   * @param most how many may wait
   * @returns the one that has to go for it, if there are too many: the oldest of the least urgent. It may
   *   be the new one itself
   */
  add(waiter: T, most: number): T | undefined {
    this.#ringOf(waiter).add(waiter)
    this.#size += 1
    if (this.#size <= most) return undefined
    const oldest = (this.#batch.first ?? this.#interactive.first) as T
    this.remove(oldest)
    this.#isNewestFirst = this.#size > 0
    return oldest
  }

  /** Takes out the one whose turn is next. */
  take(): T | undefined {
    const ring = this.#interactive.isEmpty ? this.#batch : this.#interactive
    const next = this.#isNewestFirst ? ring.first?.before : ring.first
    if (next !== undefined) this.remove(next)
    return next
  }

  /** Takes out one that is in this line. */
  remove(waiter: T): void {
    this.#ringOf(waiter).remove(waiter)
    this.#size -= 1
    if (this.#size === 0) this.#isNewestFirst = false
  }

  #ringOf(waiter: T): Ring<T> {
    return waiter.priority === 'batch' ? this.#batch : this.#interactive
  }
}
