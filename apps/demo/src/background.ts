import { Cancelled, cancelScope, detached } from '@yuzuru/concurrency'

/** Work of the app that belongs to no request. It ends with the app, which waits for it. */
export class Background implements AsyncDisposable {
  readonly #stop = new AbortController()
  readonly #running = new Set<Promise<void>>()

  /** Starts work without waiting for it. A failure is logged. */
  start(name: string, work: () => Promise<unknown>): void {
    const running = this.#run(name, work).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  async #run(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      // Outside the caller's scope, as a request ends sooner.
      await detached(() => cancelScope(work, { signal: this.#stop.signal, name }))
    } catch (error) {
      // A cancel is its normal end.
      if (!Cancelled.isInstance(error)) console.error(`${name} failed:`, error)
    }
  }
}
