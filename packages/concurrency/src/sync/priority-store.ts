import { Heap, type Ranked } from '../scopes/heap.ts'
import type { Store } from './queue-core.ts'

/** An item that was put into a priority queue. */
export interface QueueHandle {
  /** Removes the item from the queue. Returns `false` if it was handed out, dropped or removed already. */
  remove(): boolean
}

interface Entry<T> extends Ranked {
  readonly item: T
}

/** Hands out what has the lowest number first, and first in, first out among equals. */
export class PriorityStore<T> implements Store<T, QueueHandle> {
  readonly #priorityOf: (item: T) => number
  readonly #heap = new Heap<Entry<T>>()
  #added = 0

  constructor(priorityOf: (item: T) => number) {
    this.#priorityOf = priorityOf
  }

  get size(): number {
    return this.#heap.size
  }

  add(item: T, onRemoved: () => void): QueueHandle {
    const entry = { item, priority: this.#priorityOf(item), number: this.#added, place: -1 }
    this.#added += 1
    this.#heap.add(entry)
    return {
      remove: () => {
        if (entry.place === -1) return false
        this.#heap.remove(entry)
        onRemoved()
        return true
      },
    }
  }

  take(): T {
    const first = this.#heap.first as Entry<T>
    this.#heap.remove(first)
    return first.item
  }

  clear(): void {
    while (this.#heap.size > 0) this.take()
  }
}
