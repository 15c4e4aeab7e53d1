/** What can stand in a {@link Ring}. It is itself the link: a set would cost more. */
export interface Link<T extends Link<T>> {
  /** The ring that it is in. */
  home: Ring<T> | undefined
  before: T
  after: T
}

/** Things in the order in which they came; each is added and taken out in constant time. */
export class Ring<T extends Link<T>> {
  /** The one that came first; written by the ring alone. */
  first: T | undefined

  get isEmpty(): boolean {
    return this.first === undefined
  }

  add(link: T): void {
    link.home = this
    const first = this.first
    if (first === undefined) {
      this.first = link
      link.before = link
      link.after = link
      return
    }
    link.before = first.before
    link.after = first
    first.before.after = link
    first.before = link
  }

  /** Takes one out that is in this ring. */
  remove(link: T): void {
    link.home = undefined
    if (link.after === link) {
      this.first = undefined
      return
    }
    link.before.after = link.after
    link.after.before = link.before
    if (this.first === link) this.first = link.after
    // One that has grown old would keep all that came after it from being collected young.
    link.before = link
    link.after = link
  }

  /** Takes the first one out. */
  take(): T | undefined {
    const first = this.first
    if (first !== undefined) this.remove(first)
    return first
  }

  get all(): T[] {
    const all: T[] = []
    const first = this.first
    let each = first
    while (each !== undefined) {
      all.push(each)
      each = each.after === first ? undefined : each.after
    }
    return all
  }
}
