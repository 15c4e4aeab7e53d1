import type { RequestLife } from './request-life.ts'

/**
 * The requests under way. Each has a place in an array: what a set once held, it keeps from being
 * collected young.
 */
export class Lives {
  readonly #places: (RequestLife | undefined)[] = []
  readonly #free: number[] = []

  add(life: RequestLife): void {
    life.place = this.#free.pop() ?? this.#places.length
    this.#places[life.place] = life
  }

  remove(life: RequestLife): void {
    if (this.#places[life.place] !== life) return
    this.#places[life.place] = undefined
    this.#free.push(life.place)
  }

  /** All of them, the oldest first. */
  get all(): RequestLife[] {
    return this.#places
      .filter((life) => life !== undefined)
      .sort((a, b) => a.startedAt - b.startedAt)
  }
}
