import type { Store } from './queue-core.ts'

/** The array is trimmed when this many places at its front are empty and they are at least half of it. */
const MIN_SLACK = 64

/** First in, first out, each in constant time. */
export class Fifo<T> implements Store<T, void> {
  #items: (T | undefined)[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  /** The next item, which stays in the store. Read it only when there is one. */
  get first(): T {
    return this.#items[this.#head] as T
  }

  add(item: T): void {
    this.#items.push(item)
  }

  take(): T {
    const item = this.#items[this.#head] as T
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head === this.#items.length) this.clear()
    else if (this.#head >= MIN_SLACK && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
