import { expectOptions } from '../arguments/expect-options.ts'
import { expectInteger } from '../arguments/expected.ts'
import { WaitList } from '../scopes/wait-list.ts'

/** Options of {@link Semaphore}. */
export interface SemaphoreOptions {
  /** Shown in the task tree. @default 'semaphore' */
  readonly name?: string | undefined
  /** What the task tree calls it, before its name. @default 'semaphore' */
  readonly kind?: string | undefined
}

/** The right to go on. Release it exactly once; `using` does that. */
export interface Permit extends Disposable {
  /** Releases it; calling it again does nothing. */
  release(): void
}

/**
 * Limits how many callers go on at once. First come, first served: a released permit goes straight to the
 * first waiter, and no later caller can take it in between.
 *
 * For a limit over time use `rateLimiter`, for a long list `mapConcurrent`. The number of waiters is not
 * bounded: for a queue with a bound there is `admission` of `@yuzuru/concurrency/boundary`.
 *
 * @throws {TypeError} when `permits` is not an integer from 0 up, or an option is unknown or has the wrong type
 * @example
 * const connections = new Semaphore(10)
 * using permit = await connections.acquire()
 */
export class Semaphore {
  readonly name: string
  #available: number
  readonly #waiters: WaitList<Permit>

  /** @param permits how many may go on at once: an integer from 0 up */
  constructor(permits: number, options: SemaphoreOptions = {}) {
    expectOptions(options, ['name', 'kind'], 'Semaphore')
    expectInteger('permits', permits, 0)
    this.name = options.name ?? 'semaphore'
    this.#available = permits
    this.#waiters = new WaitList(`${options.kind ?? 'semaphore'} "${this.name}"`)
  }

  /** How many permits are free now. */
  get available(): number {
    return this.#available
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size
  }

  /**
   * Waits for a permit.
   *
   * @throws {Cancelled} when the scope around it is cancelled first; no permit is lost by that
   */
  acquire(): Promise<Permit> {
    if (this.#available === 0) return this.#waiters.wait()
    return this.#waiters.refusal() ?? Promise.resolve(this.#take())
  }

  /** Takes a permit if one is free now, else returns `undefined`. Never waits. */
  tryAcquire(): Permit | undefined {
    return this.#available === 0 ? undefined : this.#take()
  }

  /**
   * Adds a permit, or wakes the first waiter. Use it where a permit stands for something produced; a permit
   * that `acquire` gave is released by its own `release`.
   */
  release(): void {
    if (this.#waiters.size === 0) this.#available += 1
    else this.#waiters.shift(this.#permit())
  }

  #take(): Permit {
    this.#available -= 1
    return this.#permit()
  }

  #permit(): Permit {
    return new Held(this)
  }
}

class Held implements Permit {
  /** `undefined` once it was released. */
  from: Semaphore | undefined

  constructor(from: Semaphore) {
    this.from = from
  }

  release(): void {
    const { from } = this
    this.from = undefined
    from?.release()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
