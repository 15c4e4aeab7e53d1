import { QueueCore, type QueueOptions, type Store } from './queue-core.ts'

/**
 * A queue that hands out the item that was put in last. Otherwise like {@link Queue}.
 *
 * @example
 * const idle = new LifoQueue<Connection>({ maxSize: 10 })
 */
export class LifoQueue<T> extends QueueCore<T> {
  constructor(options: QueueOptions = {}) {
    super(new Stack<T>(), options)
  }
}

class Stack<T> implements Store<T, void> {
  #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: T): void {
    this.#items.push(item)
  }

  take(): T {
    return this.#items.pop() as T
  }

  clear(): void {
    this.#items = []
  }
}
