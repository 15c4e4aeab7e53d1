import { moveOnAfter } from '@yuzuru/concurrency'
import { Semaphore } from '@yuzuru/concurrency/sync'

/** Those whose connection the server refused while others had one. They wait for one of these. */
export class RefusedOpenings {
  readonly #line = new Semaphore(0, { name: 'mail', kind: 'connection that the server takes of' })
  /** How many of those that were woken have nothing to wait for. */
  #hopeless = 0

  /** @returns `'free'` when there may be a connection now; `'nobody'` when there is nobody left to wait for */
  async wait(timeoutMs: number): Promise<'free' | 'nobody' | 'late'> {
    let isLet = false
    try {
      const waited = await moveOnAfter(timeoutMs, async () => {
        await this.#line.acquire()
        isLet = true
      })
      if (waited.expired && !isLet) return 'late'
    } catch (error) {
      // Woken and cancelled at once: the next one may have it.
      if (isLet) this.letOne()
      throw error
    }
    if (this.#hopeless === 0) return 'free'
    this.#hopeless -= 1
    return 'nobody'
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
