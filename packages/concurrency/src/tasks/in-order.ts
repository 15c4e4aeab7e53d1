/** Hands out values in the order of their indexes, each as soon as all before it have arrived. */
export class InOrder<T> {
  readonly #handOut: (value: T) => void
  /** Values that arrived before their turn. */
  readonly #early: Map<number, T> = new Map()
  #next = 0

  constructor(handOut: (value: T) => void) {
    this.#handOut = handOut
  }

  add(index: number, value: T): void {
    if (index !== this.#next) {
      this.#early.set(index, value)
      return
    }
    this.#next += 1
    this.#handOut(value)
    while (this.#early.has(this.#next)) {
      const next = this.#early.get(this.#next) as T
      this.#early.delete(this.#next)
      this.#next += 1
      this.#handOut(next)
    }
  }
}
