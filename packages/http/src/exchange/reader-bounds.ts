import { Cancelled, currentClock, TimeoutError, type Timer } from '@yuzuru/concurrency'
import { type CallContext, outcomeOnceSent } from '../errors/call-context.ts'

/** What the caller said of a call whose body is read after it. */
export interface ReaderBoundsInit {
  readonly context: CallContext
  /** The caller's own signal. */
  readonly bodySignal: AbortSignal | undefined
  /** When the body must have come. */
  readonly deadline: { readonly at: number; readonly timeoutMs: number } | undefined
}

/**
 * What ends a body that is read after its call: the call's own `signal` and `timeoutMs`. The scope of the
 * call has ended by then; that of the reader is checked at each read.
 */
export class ReaderBounds {
  readonly #init: ReaderBoundsInit
  readonly #abort: (reason: Error) => void
  readonly #timer: Timer | undefined

  /** @param abort called with the reason, at most once a bound */
  constructor(init: ReaderBoundsInit, abort: (reason: Error) => void) {
    this.#init = init
    this.#abort = abort
    init.bodySignal?.addEventListener('abort', this)
    this.#timer = this.#startTimer()
  }

  end(): void {
    this.#init.bodySignal?.removeEventListener('abort', this)
    this.#timer?.cancel()
  }

  handleEvent(): void {
    const cause: unknown = this.#init.bodySignal?.reason
    const message = `"${this.#name}" was cancelled by a signal`
    this.#abort(new Cancelled(message, { source: 'signal', scope: this.#name, cause }))
  }

  get #name(): string {
    return `http.${this.#init.context.method}`
  }

  #startTimer(): Timer | undefined {
    const { deadline, context } = this.#init
    if (deadline === undefined) return undefined
    const { at, timeoutMs } = deadline
    const clock = currentClock()
    return clock.schedule(Math.max(0, at - clock.now()), () => {
      const message = `the body of "${this.#name}" did not come within ${timeoutMs} ms`
      const outcome = outcomeOnceSent(context)
      this.#abort(new TimeoutError(message, { scope: this.#name, timeoutMs, outcome }))
    })
  }
}
