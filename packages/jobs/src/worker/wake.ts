import { moveOnAfter } from '@yuzuru/concurrency'
import { type Permit, Semaphore } from '@yuzuru/concurrency/sync'

/** Lets one waiter sleep until it is signalled or its time is over. A signal without a waiter is kept. */
export class Wake {
  readonly #gate = new Semaphore(1, { name: 'worker' })
  #closed: Permit | undefined = this.#gate.tryAcquire()

  /** Wakes the waiter, or lets the next wait return at once. Many signals are as one. */
  signal(): void {
    this.#closed?.release()
    this.#closed = undefined
  }

  /** Waits for a signal, for `timeoutMs` milliseconds at the most. */
  async wait(timeoutMs: number): Promise<void> {
    await moveOnAfter(timeoutMs, async () => {
      this.#closed = await this.#gate.acquire()
    })
  }
}
