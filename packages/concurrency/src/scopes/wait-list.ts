import { currentScope } from './current-scope.ts'
import { refusal, refuse } from './refusal.ts'
import type { Scope } from './scope.ts'
import { Wait } from './wait.ts'

/** A link in a ring; alone, it is linked to itself. */
class Waiter<T, P> extends Wait<T> {
  previous: Waiter<T, P> = this
  next: Waiter<T, P> = this
  readonly payload: P
  isInLine = false
  readonly #list: WaitList<T, P>

  constructor(scope: Scope | undefined, list: WaitList<T, P>, payload: P) {
    super(scope)
    this.#list = list
    this.payload = payload
  }

  describe(): string {
    return this.#list.describe(this)
  }

  protected undo(): void {
    this.#list.leave(this)
  }
}

/**
 * The waiters for something, first come, first served. A cancelled waiter leaves at once, in constant time,
 * so `shift` always finds a live one.
 *
 * Each may bring a payload, such as the item that it wants to put.
 */
export class WaitList<T, P = void> {
  readonly label: string
  readonly #onLeave: (() => void) | undefined
  #size = 0
  #head: Waiter<T, P> | undefined = undefined
  /**
   * Counted once for all that are described before the line changes. Counting for each would take quadratic
   * time.
   */
  #places: Map<Waiter<T, P>, number> | undefined = undefined

  /** @param onLeave called when a waiter left because it was cancelled */
  constructor(label: string, onLeave?: () => void) {
    this.label = label
    this.#onLeave = onLeave
  }

  get size(): number {
    return this.#size
  }

  /**
   * Waits until `shift` finds this waiter, or throws when the scope around it is cancelled.
   *
   * @param hold is given what takes the waiter out of the line, with a value, unless its turn has come
   */
  wait(payload: P, hold?: (leave: (value: T) => void) => void): Promise<T> {
    const scope = currentScope()
    if (scope?.reason !== undefined) return refuse(scope, 'wait', this.label)
    const waiter = new Waiter(scope, this, payload)
    this.#push(waiter)
    hold?.((value) => {
      if (!waiter.isInLine) return
      this.leave(waiter)
      waiter.resolve(value)
    })
    return waiter.promise
  }

  /**
   * The rejection for a wait that must not begin because the scope around the caller is cancelled;
   * `undefined` if it may begin.
   */
  refusal(): Promise<never> | undefined {
    return refusal('wait', this.label)
  }

  /** The payload of the first waiter. Read it only when there is one. */
  get first(): P {
    return (this.#head as Waiter<T, P>).payload
  }

  /** Hands `value` to the first waiter. `false`: there is none. */
  shift(value: T): boolean {
    const head = this.#head
    if (head === undefined) return false
    this.#remove(head)
    head.resolve(value)
    return true
  }

  /** Fails the first waiter. Call it only when there is one. */
  fail(error: unknown): void {
    const head = this.#head as Waiter<T, P>
    this.#remove(head)
    head.reject(error)
  }

  /** Removes a waiter that was cancelled, or has left. */
  leave(waiter: Waiter<T, P>): void {
    this.#remove(waiter)
    this.#onLeave?.()
  }

  /** Describes what a waiter waits for, and its place in line. */
  describe(waiter: Waiter<T, P>): string {
    this.#places ??= this.#countPlaces()
    return `${this.label}, ${ordinal(this.#places.get(waiter) as number)} in line`
  }

  #countPlaces(): Map<Waiter<T, P>, number> {
    const places = new Map<Waiter<T, P>, number>()
    const first = this.#head as Waiter<T, P>
    let each = first
    do {
      places.set(each, places.size + 1)
      each = each.next
    } while (each !== first)
    return places
  }

  #push(waiter: Waiter<T, P>): void {
    const head = this.#head
    this.#places = undefined
    waiter.isInLine = true
    if (head === undefined) {
      this.#head = waiter
    } else {
      waiter.previous = head.previous
      waiter.next = head
      head.previous.next = waiter
      head.previous = waiter
    }
    this.#size += 1
  }

  #remove(waiter: Waiter<T, P>): void {
    this.#places = undefined
    waiter.isInLine = false
    if (waiter.next === waiter) {
      this.#head = undefined
    } else {
      waiter.previous.next = waiter.next
      waiter.next.previous = waiter.previous
      if (this.#head === waiter) this.#head = waiter.next
      // An old waiter that still links to its successors would keep V8 from collecting them young.
      waiter.previous = waiter
      waiter.next = waiter
    }
    this.#size -= 1
  }
}

function ordinal(place: number): string {
  const teen = place % 100 >= 11 && place % 100 <= 13
  return `${place}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th')}`
}
