import { Cancelled, cancelScope } from '@yuzuru/concurrency'
import { createWorker, type WorkerEvent } from '@yuzuru/jobs'
import type { App } from '../src/app.ts'

/** The worker of the day, in this process, so that a test hears all that it says. */
export class WorkerInProcess implements AsyncDisposable {
  readonly #app: App
  readonly #onEvent: (event: WorkerEvent) => void
  #stop = new AbortController()
  #working: Promise<unknown>
  #deaths = 0

  constructor(app: App, onEvent: (event: WorkerEvent) => void) {
    this.#app = app
    this.#onEvent = onEvent
    this.#working = this.#work()
  }

  get deaths(): number {
    return this.#deaths
  }

  /** Cuts it short, and starts another. */
  async kill(): Promise<void> {
    await this[Symbol.asyncDispose]()
    this.#deaths += 1
    this.#stop = new AbortController()
    this.#working = this.#work()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#working
  }

  async #work(): Promise<void> {
    const jobs = Object.values(this.#app.jobs)
    const { crons, db } = this.#app
    const worker = createWorker(db, { jobs, crons, pollMs: 50, onEvent: this.#onEvent })
    const { signal } = this.#stop
    // Its end is a cancel, as it is of one that got SIGTERM.
    await cancelScope(() => worker.run(), { signal }).catch((error: unknown) => {
      if (!Cancelled.isInstance(error)) throw error
    })
  }
}
