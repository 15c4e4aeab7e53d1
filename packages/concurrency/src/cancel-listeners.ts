import type { Cancelled } from './cancelled.ts'

/** What is told of a scope's cancel. It is itself the link in the ring: a set would cost more. */
export interface CancelListener {
  /** The ring that it is in. */
  home: CancelListeners | undefined
  before: CancelListener
  after: CancelListener
  onCancel(reason: Cancelled): void
  /** What is waited for, where it is a wait. */
  describe?(): string
  /** Since when, on the clock, where that is noted. */
  readonly since?: number | undefined
}

/** The listeners of one scope, in the order in which they came. */
export class CancelListeners {
  #first: CancelListener | undefined = undefined

  add(listener: CancelListener): void {
    listener.home = this
    const first = this.#first
    if (first === undefined) {
      this.#first = listener
      listener.before = listener
      listener.after = listener
      return
    }
    listener.before = first.before
    listener.after = first
    first.before.after = listener
    first.before = listener
  }

  /** Takes one off that is in this ring. */
  remove(listener: CancelListener): void {
    listener.home = undefined
    if (listener.after === listener) {
      this.#first = undefined
      return
    }
    listener.before.after = listener.after
    listener.after.before = listener.before
    if (this.#first === listener) this.#first = listener.after
  }

  /** Takes the first one off. */
  take(): CancelListener | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  get all(): CancelListener[] {
    const all: CancelListener[] = []
    const first = this.#first
    let each = first
    while (each !== undefined) {
      all.push(each)
      each = each.after === first ? undefined : each.after
    }
    return all
  }
}
