import type { Store } from './queue-core.ts'

/** An item that was put into a priority queue. */
export interface QueueHandle {
  /** Takes the item out again. `false`: it was handed out, dropped or removed already. */
  remove(): boolean
}

interface Entry<T> {
  readonly item: T
  readonly priority: number
  /** Counts what was added: of two with the same priority the older goes first. */
  readonly number: number
  /** Where it is in the heap; -1 when it is not. */
  place: number
}

/** A binary heap whose entries know their places, so that one can be taken out of the middle. */
export class Heap<T> implements Store<T, QueueHandle> {
  readonly #priorityOf: (item: T) => number
  #entries: Entry<T>[] = []
  #added = 0

  constructor(priorityOf: (item: T) => number) {
    this.#priorityOf = priorityOf
  }

  get size(): number {
    return this.#entries.length
  }

  add(item: T, onRemoved: () => void): QueueHandle {
    const priority = this.#priorityOf(item)
    const entry: Entry<T> = { item, priority, number: this.#added, place: this.#entries.length }
    this.#added += 1
    this.#entries.push(entry)
    this.#rise(entry)
    return {
      remove: () => {
        if (entry.place === -1) return false
        this.#remove(entry)
        onRemoved()
        return true
      },
    }
  }

  take(): T {
    const first = this.#entries[0] as Entry<T>
    this.#remove(first)
    return first.item
  }

  clear(): void {
    for (const entry of this.#entries) entry.place = -1
    this.#entries = []
  }

  #remove(entry: Entry<T>): void {
    const last = this.#entries.pop() as Entry<T>
    if (last !== entry) {
      this.#put(last, entry.place)
      this.#rise(last)
      this.#sink(last)
    }
    entry.place = -1
  }

  #rise(entry: Entry<T>): void {
    while (entry.place > 0) {
      const parent = this.#entries[(entry.place - 1) >> 1] as Entry<T>
      if (!isBefore(entry, parent)) return
      this.#swap(entry, parent)
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#entries[entry.place * 2 + 1]
      const right = this.#entries[entry.place * 2 + 2]
      if (left === undefined) return
      const first = right !== undefined && isBefore(right, left) ? right : left
      if (!isBefore(first, entry)) return
      this.#swap(entry, first)
    }
  }

  #swap(a: Entry<T>, b: Entry<T>): void {
    const place = a.place
    this.#put(a, b.place)
    this.#put(b, place)
  }

  #put(entry: Entry<T>, place: number): void {
    this.#entries[place] = entry
    entry.place = place
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.priority === b.priority ? a.number < b.number : a.priority < b.priority
}
