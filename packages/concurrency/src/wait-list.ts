import { wait } from './wait.ts'

/** A link in a ring; alone, it is linked to itself. */
class Waiter<T, P> {
  previous: Waiter<T, P> = this
  next: Waiter<T, P> = this
  readonly payload: P
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void

  constructor(payload: P, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.payload = payload
    this.resolve = resolve
    this.reject = reject
  }
}

/**
 * Those who wait for something, first come first served. A cancelled waiter leaves at once, in
 * constant time, so `shift` always finds one that lives.
 *
 * Each may bring a payload: what it wants to put, how much it asks for.
 */
export class WaitList<T, P = void> {
  readonly #label: string
  readonly #onLeave: (() => void) | undefined
  #size = 0
  #head: Waiter<T, P> | undefined = undefined

  /** @param onLeave called when a waiter left because it was cancelled */
  constructor(label: string, onLeave?: () => void) {
    this.#label = label
    this.#onLeave = onLeave
  }

  get size(): number {
    return this.#size
  }

  /** Waits until `shift` finds this waiter, or throws when the scope around it is cancelled. */
  wait(payload: P): Promise<T> {
    return wait<T>(this.#label, (resolve, reject) => {
      const waiter = this.#push(payload, resolve, reject)
      return () => {
        this.#remove(waiter)
        this.#onLeave?.()
      }
    })
  }

  /** What the first waiter brought. Throws when there is none: ask `size` first. */
  get first(): P {
    if (this.#head === undefined) throw new RangeError('Expected a waiter, got none')
    return this.#head.payload
  }

  /** Hands `value` to the first waiter. `false`: there is none. */
  shift(value: T): boolean {
    const head = this.#head
    if (head === undefined) return false
    this.#remove(head)
    head.resolve(value)
    return true
  }

  /** Fails the first waiter. `false`: there is none. */
  fail(error: unknown): boolean {
    const head = this.#head
    if (head === undefined) return false
    this.#remove(head)
    head.reject(error)
    return true
  }

  #push(payload: P, resolve: (value: T) => void, reject: (error: unknown) => void): Waiter<T, P> {
    const waiter = new Waiter(payload, resolve, reject)
    const head = this.#head
    if (head === undefined) {
      this.#head = waiter
    } else {
      waiter.previous = head.previous
      waiter.next = head
      head.previous.next = waiter
      head.previous = waiter
    }
    this.#size += 1
    return waiter
  }

  #remove(waiter: Waiter<T, P>): void {
    if (waiter.next === waiter) {
      this.#head = undefined
    } else {
      waiter.previous.next = waiter.next
      waiter.next.previous = waiter.previous
      if (this.#head === waiter) this.#head = waiter.next
    }
    this.#size -= 1
  }
}
