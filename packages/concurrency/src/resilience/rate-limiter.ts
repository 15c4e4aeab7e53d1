import { expectOptions } from '../arguments/expect-options.ts'
import { currentClock, type Timer } from '../scopes/clock.ts'
import { expected, expectInteger } from '../arguments/expected.ts'
import { Fifo } from '../sync/fifo.ts'
import { WaitList } from '../scopes/wait-list.ts'

/** Options of {@link rateLimiter}. */
export interface RateLimiterOptions {
  /** How much may begin within any window: an integer from 1 up. */
  readonly limit: number
  /** The length of the window, in milliseconds: above 0. */
  readonly windowMs: number
  /** Shown in the task tree. @default 'rate limiter' */
  readonly name?: string | undefined
}

/** Lets so much through in any window of time. */
export interface RateLimiter {
  readonly name: string
  /** How much could begin now. */
  readonly available: number
  /** How many wait. */
  readonly waiting: number
  /**
   * Waits until it may begin, first come, first served.
   *
   * @param weight how much it counts: an integer from 1 up to the limit. @default 1
   * @throws {Cancelled} when the scope around it is cancelled first; it then counts nothing
   */
  acquire(weight?: number): Promise<void>
  /**
   * Counts it and returns `true` if it may begin now, else returns `false`. Never waits.
   *
   * @param weight how much it counts: an integer from 1 up to the limit. @default 1
   */
  tryAcquire(weight?: number): boolean
}

/**
 * Limits how much begins within a time, with a true sliding window: in any stretch of `windowMs` (its end
 * not included) no more than `limit` begins. A token bucket would let up to twice as much through.
 *
 * It counts within one process: N processes with the same limit send N times as much. For a limit on what
 * runs at once use `Semaphore`.
 *
 * @throws {TypeError} when `limit` is not an integer from 1 up, or `windowMs` not a number above 0
 * @example
 * const limiter = rateLimiter({ limit: 100, windowMs: 1_000 })
 * await limiter.acquire()
 */
export function rateLimiter(options: RateLimiterOptions): RateLimiter {
  expectOptions(options, ['limit', 'windowMs', 'name'], 'rateLimiter')
  expectInteger('limit', options?.limit, 1)
  const { limit, windowMs, name = 'rate limiter' } = options
  if (typeof windowMs !== 'number' || !(windowMs > 0) || windowMs === Infinity) {
    throw expected('windowMs to be a number of milliseconds above 0', windowMs)
  }
  return new SlidingWindow(limit, windowMs, name)
}

interface Start {
  readonly at: number
  readonly weight: number
}

class SlidingWindow implements RateLimiter {
  readonly name: string
  readonly #limit: number
  readonly #windowMs: number
  readonly #starts: Fifo<Start> = new Fifo()
  readonly #waiters: WaitList<void, number>
  #used = 0
  #timer: Timer | undefined

  constructor(limit: number, windowMs: number, name: string) {
    this.name = name
    this.#limit = limit
    this.#windowMs = windowMs
    // The waiter that left may have been a heavy one blocking the rest. They are served only once the
    // cancel has reached all that it is meant for: one that is next to leave must not be let in.
    this.#waiters = new WaitList(`rate limiter "${name}"`, () => {
      queueMicrotask(() => this.#serve())
    })
  }

  get available(): number {
    this.#expire()
    return this.#limit - this.#used
  }

  get waiting(): number {
    return this.#waiters.size
  }

  acquire(weight = 1): Promise<void> {
    this.#expectWeight(weight)
    const refused = this.#waiters.refusal()
    if (refused !== undefined) return refused
    if (this.tryAcquire(weight)) return Promise.resolve()
    const turn = this.#waiters.wait(weight)
    this.#serve()
    return turn
  }

  tryAcquire(weight = 1): boolean {
    this.#expectWeight(weight)
    if (this.#waiters.size > 0 || weight > this.available) return false
    this.#begin(weight)
    return true
  }

  #begin(weight: number): void {
    this.#used += weight
    this.#starts.add({ at: currentClock().now(), weight })
  }

  #expire(): void {
    const now = currentClock().now()
    while (this.#starts.size > 0 && this.#starts.first.at + this.#windowMs <= now) {
      this.#used -= this.#starts.take().weight
    }
  }

  /** Lets the waiters through that may begin; while any are left, a timer looks again. */
  #serve(): void {
    this.#timer?.cancel()
    while (this.#waiters.size > 0 && this.#waiters.first <= this.available) {
      this.#begin(this.#waiters.first)
      this.#waiters.shift()
    }
    if (this.#waiters.size === 0) return
    const { at } = this.#starts.first
    const delayMs = at + this.#windowMs - currentClock().now()
    this.#timer = currentClock().schedule(delayMs, () => this.#serve())
  }

  #expectWeight(weight: number): void {
    if (!Number.isSafeInteger(weight) || weight < 1 || weight > this.#limit) {
      throw expected(`weight to be an integer from 1 to ${this.#limit}`, weight)
    }
  }
}
