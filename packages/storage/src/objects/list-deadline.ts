import { currentClock, type IoOptions, TimeoutError } from '@yuzuru/concurrency'

/** The `timeoutMs` of a list: for all its pages together, and what its reader does between them. */
export class ListDeadline {
  readonly #options: IoOptions
  #dueAt: number | undefined = undefined

  constructor(options: IoOptions) {
    this.#options = options
  }

  /** Requests a page with the time that is left. */
  async bind<T>(ask: (left: IoOptions) => Promise<T>): Promise<T> {
    const { signal, timeoutMs } = this.#options
    if (timeoutMs === undefined) return await ask({ signal })
    const now = currentClock().now()
    // The first page gets `timeoutMs` unchanged, so that it is validated.
    const leftMs = this.#dueAt === undefined ? timeoutMs : this.#dueAt - now
    this.#dueAt ??= now + timeoutMs
    try {
      return await ask({ signal, timeoutMs: leftMs })
    } catch (error) {
      if (!TimeoutError.isInstance(error) || error.timeoutMs !== leftMs) throw error
      const { scope, outcome, cause } = error
      const detail = `"${scope}" did not end within ${timeoutMs} ms`
      throw new TimeoutError(detail, { scope, timeoutMs, outcome, cause })
    }
  }
}
