/**
 * Waits for one thing after the other, and no longer when a signal fires. It listens once for all of them:
 * a body has a chunk for each few kilobytes.
 */
export class AbortGate {
  #signal: AbortSignal | undefined = undefined
  #reject: ((reason: unknown) => void) | undefined = undefined

  /** The promise, or the reason of the signal if that is first. One at a time. */
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

  /** Listens no longer. */
  close(): void {
    this.#signal?.removeEventListener('abort', this)
    this.#signal = undefined
    this.#reject = undefined
  }
}
