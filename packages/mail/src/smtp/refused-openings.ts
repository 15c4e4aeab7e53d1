import { moveOnAfter } from '@yuzuru/concurrency'
import { Semaphore } from '@yuzuru/concurrency/sync'

/** Those whose connection the server refused while others had one. They wait for one of these. */
export class RefusedOpenings {
  readonly #line = new Semaphore(0, { name: 'mail', kind: 'connection that the server takes of' })
  /** How many of those that were woken have nothing to wait for. */
  #hopeless = 0

  /** @returns whether there may be a connection now; not when nobody is left to wait for, or it took too long */
  async wait(timeoutMs: number): Promise<boolean> {
    let isLet = false
    try {
      const waited = await moveOnAfter(timeoutMs, async () => {
        await this.#line.acquire()
        isLet = true
      })
      if (waited.expired && !isLet) return false
    } catch (error) {
      // Woken and cancelled at once: the next one may have it.
      if (isLet) this.letOne()
      throw error
    }
    if (this.#hopeless === 0) return true
    this.#hopeless -= 1
    return false
  }

  /** A connection has come free, or has ended. */
  letOne(): void {
    if (this.#line.waiting > 0) this.#line.release()
  }

  /** Nobody has a connection. */
  giveUp(): void {
    for (; this.#line.waiting > 0; this.#line.release()) this.#hopeless += 1
  }
}
