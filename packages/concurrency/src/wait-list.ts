import { wait } from './wait.ts'

/** A link in a ring; alone, it is linked to itself. */
class Waiter<T> {
  previous: Waiter<T> = this
  next: Waiter<T> = this
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void

  constructor(resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.resolve = resolve
    this.reject = reject
  }
}

/**
 * Those who wait for something, first come first served. A cancelled waiter leaves at once, in
 * constant time, so `shift` always finds one that lives.
 */
export class WaitList<T> {
  readonly #label: string
  #size = 0
  #head: Waiter<T> | undefined = undefined

  constructor(label: string) {
    this.#label = label
  }

  get size(): number {
    return this.#size
  }

  /** Waits until `shift` finds this waiter, or throws when the scope around it is cancelled. */
  wait(): Promise<T> {
    return wait<T>(this.#label, (resolve, reject) => {
      const waiter = this.#push(resolve, reject)
      return () => this.#remove(waiter)
    })
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

  #push(resolve: (value: T) => void, reject: (error: unknown) => void): Waiter<T> {
    const waiter = new Waiter(resolve, reject)
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

  #remove(waiter: Waiter<T>): void {
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
