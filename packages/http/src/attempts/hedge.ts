import { currentClock } from '@yuzuru/concurrency'
import { expectMilliseconds, expectOptions } from '@yuzuru/concurrency/boundary'
import { type StopListener, Stopper, type StopSignal } from '../exchange/stop-signal.ts'

/** When a second request is sent beside a slow first one. */
export interface HedgeOptions {
  /** How long the first attempt may take before a second is sent beside it, in milliseconds. */
  readonly delayMs: number
}

export function expectHedge(options: HedgeOptions | false | undefined): HedgeOptions | undefined {
  if (options === undefined || options === false) return undefined
  expectOptions(options, ['delayMs'], 'createHttp.hedge')
  expectMilliseconds('hedge.delayMs', options.delayMs)
  return options
}

/**
 * Calls `send`, and when it takes longer than `delayMs` once more beside it. The first success wins
 * and the other is aborted; a failure is only thrown when both have failed.
 *
 * @param isSuccess whether a value wins at once; others lose to a later one
 * @param mayHedge asked when the second is due
 */
export async function hedged<T extends Disposable>(
  delayMs: number,
  signal: StopSignal,
  mayHedge: () => boolean,
  isSuccess: (value: T) => boolean,
  send: (signal: StopSignal) => Promise<T>,
): Promise<T> {
  const race = new Race<T>(signal, isSuccess, send)
  race.start()
  const timer = currentClock().schedule(delayMs, () => {
    if (mayHedge()) race.start()
  })
  try {
    return await race.result
  } finally {
    timer.cancel()
    race.end()
  }
}

class Race<T extends Disposable> implements StopListener {
  readonly #done: PromiseWithResolvers<T> = Promise.withResolvers()
  #runners: readonly Stopper[] = []
  readonly #signal: StopSignal
  readonly #isSuccess: (value: T) => boolean
  readonly #send: (signal: StopSignal) => Promise<T>
  #over = false
  #fallback: { readonly value: T } | undefined

  constructor(
    signal: StopSignal,
    isSuccess: (value: T) => boolean,
    send: (signal: StopSignal) => Promise<T>,
  ) {
    this.#signal = signal
    this.#isSuccess = isSuccess
    this.#send = send
    signal.addEventListener('abort', this)
  }

  get result(): Promise<T> {
    return this.#done.promise
  }

  start(): void {
    const runner = new Stopper()
    this.#runners = [...this.#runners, runner]
    if (this.#signal.aborted) runner.abort(this.#signal.reason)
    this.#send(runner).then(
      (value) => this.#arrived(runner, value),
      (error: unknown) => this.#failed(runner, error),
    )
  }

  end(): void {
    this.#over = true
    this.#signal.removeEventListener('abort', this)
    for (const runner of this.#runners) runner.abort(new Error('another attempt was faster'))
  }

  handleEvent(): void {
    for (const runner of this.#runners) runner.abort(this.#signal.reason)
  }

  #leave(runner: Stopper): void {
    this.#runners = this.#runners.filter((each) => each !== runner)
  }

  #arrived(runner: Stopper, value: T): void {
    this.#leave(runner)
    if (this.#over) {
      value[Symbol.dispose]()
      return
    }
    if (this.#isSuccess(value) || this.#runners.length === 0) {
      this.#done.resolve(value)
      if (this.#fallback !== undefined) this.#fallback.value[Symbol.dispose]()
    } else {
      this.#fallback = { value }
    }
  }

  #failed(runner: Stopper, error: unknown): void {
    this.#leave(runner)
    if (this.#runners.length > 0) return
    if (this.#fallback === undefined) this.#done.reject(error)
    else this.#done.resolve(this.#fallback.value)
  }
}
