/** As much of a pool's worker as is needed to see it go. */
interface Leaving {
  once(event: 'exit', listener: (code: number | null, signal?: string | null) => void): unknown
}

/**
 * Tells when the last of a pool's workers has gone while jobs wait for one: then none will come, and
 * the pools say nothing of it.
 */
export class WorkerWatch {
  /** How a worker ended, as of the event that is being handled. */
  lastEnd = 'ended'
  readonly #most: number
  readonly #seen = new Set<Leaving>()
  readonly #workers: () => readonly Leaving[]
  readonly #onLastGone: (how: string) => void

  /** @param most how many workers there may be */
  constructor(most: number, workers: () => readonly Leaving[], onLastGone: (how: string) => void) {
    this.#most = most
    this.#workers = workers
    this.#onLastGone = onLastGone
  }

  /** To be called when there may be new workers. */
  look(): void {
    if (this.#seen.size === this.#most) return
    for (const worker of this.#workers()) {
      if (this.#seen.has(worker)) continue
      this.#seen.add(worker)
      worker.once('exit', (code, signal) => {
        this.#seen.delete(worker)
        this.lastEnd = signal ? `was ended by ${signal}` : `exited with code ${code}`
        if (this.#workers().length === 0) this.#onLastGone(this.lastEnd)
        else this.look()
      })
    }
  }

  /** Calls `fn`, which has the pool drop workers; settles when they are gone. */
  async untilGone(fn: () => void, onDropped?: (worker: Leaving) => void): Promise<void> {
    const before = this.#workers()
    const gone: Promise<void>[] = []
    fn()
    const left = new Set(this.#workers())
    for (const worker of before) {
      if (left.has(worker)) continue
      const { promise, resolve } = Promise.withResolvers<void>()
      worker.once('exit', () => resolve())
      gone.push(promise)
      onDropped?.(worker)
    }
    await Promise.all(gone)
  }
}
