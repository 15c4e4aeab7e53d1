/**
 * Waits for promises, one after the other, until a signal fires. It adds one listener for all of them, as a
 * body has a chunk for every few kilobytes.
 */
export class AbortGate {
  #signal: AbortSignal | undefined = undefined
  #reject: ((reason: unknown) => void) | undefined = undefined

  /**
   * Resolves with the promise, or rejects with the reason of the signal if that comes first. One call at a
   * time.
   */
  wait<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#signal !== signal) {
      this.close()
      this.#signal = signal
      signal?.addEventListener('abort', this)
    }
    return new Promise((resolve, reject) => {
      this.#reject = reject
      promise.then(resolve, reject)
    })
  }

  handleEvent(): void {
    this.#reject?.(this.#signal?.reason)
  }

  /** Removes the listener. */
  close(): void {
    this.#signal?.removeEventListener('abort', this)
    this.#signal = undefined
    this.#reject = undefined
  }
}
