import { type Permit, Semaphore } from '@yuzuru/concurrency/sync'

/**
 * One caller at a time, first come, first served. The first caller runs without a permit; the semaphore
 * is made when a second one arrives, which most connections never see.
 */
export class Turns {
  #line: Semaphore | undefined = undefined
  #isAlone = false
  /** The permit of the first caller, once there is a line behind it. */
  #first: Permit | undefined = undefined

  /** Whether a caller has its turn. */
  get isTaken(): boolean {
    return this.#isAlone || this.#line?.available === 0
  }

  /** Calls `fn` when it is the caller's turn, which lasts until `fn` settles. */
  async take<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#line === undefined && !this.#isAlone) {
      this.#isAlone = true
      try {
        return await fn()
      } finally {
        this.#isAlone = false
        this.#first?.[Symbol.dispose]()
      }
    }
    if (this.#line === undefined) {
      this.#line = new Semaphore(1, { name: 'db connection' })
      this.#first = this.#line.tryAcquire()
    }
    using _turn = this.#line.tryAcquire() ?? (await this.#line.acquire())
    return await fn()
  }
}
