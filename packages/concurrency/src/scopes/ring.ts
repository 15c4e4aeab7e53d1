/** An entry of a {@link Ring}. The entry is itself the link, which costs less than a `Set`. */
export interface Link<T extends Link<T>> {
  /** The ring that it is in. */
  home: Ring<T> | undefined
  before: T
  after: T
}

/** Entries in the order in which they were added; adding and removing take constant time. */
export class Ring<T extends Link<T>> {
  /** The first entry; only the ring writes it. */
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

  /** Removes an entry, which must be in this ring. */
  remove(link: T): void {
    link.home = undefined
    if (link.after === link) {
      this.first = undefined
      return
    }
    link.before.after = link.after
    link.after.before = link.before
    if (this.first === link) this.first = link.after
    // An old entry that still links to its successors would keep V8 from collecting them young.
    link.before = link
    link.after = link
  }

  /** Removes the first entry and returns it. */
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
