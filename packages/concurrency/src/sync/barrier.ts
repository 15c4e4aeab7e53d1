import { expectOptions } from '../arguments/expect-options.ts'
import { BrokenBarrierError } from './broken-barrier-error.ts'
import { expectInteger } from '../arguments/expected.ts'
import { PacedRejections } from '../scopes/paced-rejections.ts'
import { WaitList } from '../scopes/wait-list.ts'

/** Options of {@link Barrier}. */
export interface BarrierOptions {
  /** Shown in errors and the task tree. @default 'barrier' */
  readonly name?: string | undefined
}

/**
 * Holds callers until `parties` of them have come, then lets them all go on, and is ready for the next
 * round. With fewer callers than `parties` they wait for ever: put a {@link withTimeout} around the wait.
 *
 * @throws {TypeError} when `parties` is not an integer from 1 up, or an option is unknown or has the wrong type
 * @example
 * const barrier = new Barrier(3)
 * const place = await barrier.wait()
 * if (place === 0) startRound()
 */
export class Barrier {
  readonly name: string
  readonly parties: number
  readonly #waiters: WaitList<number>
  readonly #rejections = new PacedRejections()
  #broken = false

  /** @param parties how many have to come: an integer from 1 up */
  constructor(parties: number, options: BarrierOptions = {}) {
    expectOptions(options, ['name'], 'Barrier')
    expectInteger('parties', parties, 1)
    this.name = options.name ?? 'barrier'
    this.parties = parties
    this.#waiters = new WaitList(`barrier "${this.name}"`)
  }

  /** How many wait. A waiter that was cancelled no longer counts. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** Whether it was aborted and not reset since. */
  get broken(): boolean {
    return this.#broken
  }

  /**
   * Waits until all have come.
   *
   * @returns the caller's place in the order of arrival, from 0 to `parties - 1`
   * @throws {BrokenBarrierError} when the barrier is aborted, or reset while this caller waits
   * @throws {Cancelled} when the scope around it is cancelled first; it then no longer counts as arrived
   */
  wait(): Promise<number> {
    const refused = this.#waiters.refusal()
    if (refused !== undefined) return refused
    if (this.#broken) return this.#rejections.reject(new BrokenBarrierError(this.name, 'aborted'))
    if (this.#waiters.size + 1 < this.parties) return this.#waiters.wait()
    let place = 0
    while (this.#waiters.shift(place)) place += 1
    return Promise.resolve(place)
  }

  /**
   * Fails the waiters and begins anew. Callers that were already let go are not affected, even if they have
   * not resumed yet.
   */
  reset(): void {
    this.#broken = false
    this.#failAll('reset')
  }

  /** Fails the waiters and all later callers, until it is reset. */
  abort(): void {
    this.#broken = true
    this.#failAll('aborted')
  }

  #failAll(how: 'aborted' | 'reset'): void {
    while (this.#waiters.size > 0) this.#waiters.fail(new BrokenBarrierError(this.name, how))
  }
}
