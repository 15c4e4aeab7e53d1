import { AsyncResource } from 'node:async_hooks'
import type { Permit } from '@yuzuru/concurrency/sync'
import { Deadlines } from './deadlines.ts'
import type { RequestLife } from './request-life.ts'

/** The context in which this was loaded: no request's. */
const outside = new AsyncResource('YuzuruRequests')

/**
 * The requests under way. Each has a place in an array: what a set once held, it keeps from being
 * collected young.
 */
export class Lives {
  readonly deadlines: Deadlines<RequestLife> = new Deadlines()
  readonly #places: (RequestLife | undefined)[] = []
  readonly #free: number[] = []
  readonly #hold: () => Permit
  /** Held while there are some: one for each would cost every request. */
  #permit: Permit | undefined
  #restsSoon = false
  /** Whether one came since the end of the last turn of the event loop. */
  #isBusy = false

  /** @param hold called when there are some; its permit is released when there are none */
  constructor(hold: () => Permit) {
    this.#hold = hold
  }

  get size(): number {
    return this.#places.length - this.#free.length
  }

  add(life: RequestLife): void {
    this.#permit ??= this.#hold()
    this.#isBusy = true
    life.place = this.#free.pop() ?? this.#places.length
    this.#places[life.place] = life
  }

  remove(life: RequestLife): void {
    if (this.#places[life.place] !== life) return
    this.#places[life.place] = undefined
    this.#free.push(life.place)
    if (this.size > 0 || this.#restsSoon) return
    this.#restSoon()
  }

  /** All of them, the oldest first. */
  get all(): RequestLife[] {
    return this.#places
      .filter((life) => life !== undefined)
      .sort((a, b) => a.startedAt - b.startedAt)
  }

  #restSoon(): void {
    this.#restsSoon = true
    this.#isBusy = false
    outside.runInAsyncScope(setImmediate, undefined, this.#rest)
  }

  /** After a turn of the event loop in which none came: under load, some come in each. */
  readonly #rest = (): void => {
    this.#restsSoon = false
    if (this.size > 0) return
    if (this.#isBusy) {
      this.#restSoon()
      return
    }
    this.#permit?.release()
    this.#permit = undefined
    this.deadlines.rest()
  }
}
