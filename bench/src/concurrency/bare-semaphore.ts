/** What any semaphore must do that gives an object for a permit. It has no queue, and knows of no scope. */
export class BareSemaphore {
  available: number

  constructor(permits: number) {
    this.available = permits
  }

  async acquire(): Promise<BarePermit> {
    this.available -= 1
    return new BarePermit(this)
  }
}

class BarePermit {
  #from: BareSemaphore | undefined

  constructor(from: BareSemaphore) {
    this.#from = from
  }

  release(): void {
    if (this.#from === undefined) return
    this.#from.available += 1
    this.#from = undefined
  }
}
