/** An entry of a {@link Heap}. It knows its place there, so that it can be removed from the middle. */
export interface Ranked {
  /** The lowest goes first. */
  readonly priority: number
  /** Of two with the same priority, the one with the lower number goes first. */
  readonly number: number
  /** Where it is in the heap; -1 when it is in none. */
  place: number
}

/** A binary heap. */
export class Heap<T extends Ranked> {
  readonly #entries: T[] = []

  get size(): number {
    return this.#entries.length
  }

  /** The first entry, which stays in the heap. */
  get first(): T | undefined {
    return this.#entries[0]
  }

  add(entry: T): void {
    entry.place = this.#entries.length
    this.#entries.push(entry)
    this.#rise(entry)
  }

  /** Removes an entry, which must be in this heap. */
  remove(entry: T): void {
    const last = this.#entries.pop() as T
    if (last !== entry) {
      last.place = entry.place
      this.#rise(last)
      this.#sink(last)
    }
    entry.place = -1
  }

  #rise(entry: T): void {
    let { place } = entry
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#entries[above] as T
      if (!isBefore(entry, parent)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(entry, place)
  }

  #sink(entry: T): void {
    let { place } = entry
    for (;;) {
      const left = this.#entries[place * 2 + 1]
      const right = this.#entries[place * 2 + 2]
      const first = left && right && isBefore(right, left) ? right : left
      if (first === undefined || !isBefore(first, entry)) break
      const below = first.place
      this.#put(first, place)
      place = below
    }
    this.#put(entry, place)
  }

  #put(entry: T, place: number): void {
    this.#entries[place] = entry
    entry.place = place
  }
}

function isBefore(a: Ranked, b: Ranked): boolean {
  return a.priority === b.priority ? a.number < b.number : a.priority < b.priority
}
