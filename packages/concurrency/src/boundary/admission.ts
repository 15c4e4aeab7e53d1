import { currentClock, type Timer } from '../scopes/clock.ts'
import { detached } from '../scopes/detached.ts'
import { expectRequiredOptions } from '../arguments/expect-options.ts'
import { expectFunction, expectInteger, expectText } from '../arguments/expected.ts'
import type { Permit } from '../sync/semaphore.ts'
import { WaitList } from '../scopes/wait-list.ts'
import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { refused, type RefusalCode, type RefusalError } from './refused-entry.ts'

/** Options of {@link admission}. */
export interface AdmissionOptions<C = void> {
  /** How many may be in at once: an integer from 1 up. */
  readonly connections: number
  /** How many may wait: an integer from 0 up, or `Infinity`. @default 1_000 */
  readonly queue?: number | undefined
  /** How long one may wait, in milliseconds from 0 up; `Infinity` for ever. @default 30_000 */
  readonly acquireTimeoutMs?: number | undefined
  /** Whose connections these are; shown in the task tree. */
  readonly name: string
  /** What is waited for; stands before the name in the task tree. @default 'connection of' */
  readonly kind?: string | undefined
  /** Makes the package's own error of a refusal. */
  readonly refuse: RefusalError<C>
}

/** One that waits, and what its error is made of. */
interface Entry<C> {
  readonly expiresAt: number
  readonly context: C
}

/** See {@link admission}. */
export interface Admission<C = void> {
  readonly connections: number
  /** How many permits are held. */
  readonly used: number
  /** How many permits are free. */
  readonly available: number
  readonly waiting: number
  /** Whether {@link close} was called. */
  readonly closed: boolean
  /**
   * Waits for a permit; not at all if one is free.
   *
   * @param context what the error of a refusal is made of
   * @throws what `refuse` makes: `'overloaded'`, `'acquire_timeout'`, `'closed'`
   * @throws {Cancelled} when the scope around it is cancelled first; no permit is lost by that
   */
  acquire(context: C): Promise<Permit>
  /**
   * A permit if one is free now, else `undefined`.
   *
   * @throws what `refuse` makes: `'closed'`
   */
  tryAcquire(context: C): Permit | undefined
  /** Refuses those that wait and all that come, from now on. Permits that were given stay good. */
  close(): void
}

const OPTIONS = ['connections', 'queue', 'acquireTimeoutMs', 'name', 'kind', 'refuse'] as const

/**
 * Bounded admission: limits how many run at once, how many wait, and for how long. First come, first
 * served: a released permit goes straight to the first waiter. A wait obeys the scope around it and appears
 * in the task tree.
 *
 * One timer serves all waiters, as the first one is always the next to run out of time.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const slots = admission({
 *   connections: 10,
 *   name: 'redis',
 *   refuse: ({ code, message, retryable, outcome }) =>
 *     new RedisError(`not sent: ${message}`, { code, retryable, outcome }),
 * })
 * using permit = await slots.acquire()
 */
export function admission<C = void>(options: AdmissionOptions<C>): Admission<C> {
  return new BoundedAdmission(options)
}

class BoundedAdmission<C> implements Admission<C> {
  readonly connections: number
  readonly #queue: number
  readonly #acquireTimeoutMs: number
  readonly #refuse: RefusalError<C>
  readonly #waiters: WaitList<Permit, Entry<C>>
  #available: number
  #timer: Timer | undefined = undefined
  #closed = false

  constructor(options: AdmissionOptions<C>) {
    expectRequiredOptions(options, OPTIONS, 'admission')
    const { connections, queue = 1_000, acquireTimeoutMs = 30_000 } = options
    const { name, kind = 'connection of', refuse } = options
    expectInteger('connections', connections, 1)
    expectInteger('queue', queue, 0, Infinity)
    expectMilliseconds('acquireTimeoutMs', acquireTimeoutMs)
    expectText('name', name)
    expectText('kind', kind)
    expectFunction('refuse', refuse)
    this.connections = connections
    this.#available = connections
    this.#queue = queue
    this.#acquireTimeoutMs = acquireTimeoutMs
    this.#refuse = refuse
    this.#waiters = new WaitList(`${kind} "${name}"`, () => this.#disarm())
  }

  get used(): number {
    return this.connections - this.#available
  }

  get available(): number {
    return this.#available
  }

  get waiting(): number {
    return this.#waiters.size
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Not async: very many may wait, and each frame is held as long. */
  acquire(context: C): Promise<Permit> {
    const cancelled = this.#waiters.refusal()
    if (cancelled !== undefined) return cancelled
    try {
      const permit = this.tryAcquire(context)
      return permit === undefined ? this.#wait(context) : Promise.resolve(permit)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  tryAcquire(context: C): Permit | undefined {
    if (this.#closed) throw this.#refusal('closed', context)
    if (this.#available === 0) return undefined
    this.#available -= 1
    return this.#permit()
  }

  close(): void {
    this.#closed = true
    while (this.#waiters.size > 0) this.#failFirst('closed')
    this.#disarm()
  }

  #wait(context: C): Promise<Permit> {
    if (this.#waiters.size >= this.#queue) throw this.#refusal('overloaded', context)
    const expiresAt = currentClock().now() + this.#acquireTimeoutMs
    const waiting = this.#waiters.wait({ expiresAt, context })
    this.#arm()
    return waiting
  }

  #permit(): Permit {
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      this.#handOn()
    }
    return { release, [Symbol.dispose]: release }
  }

  #handOn(): void {
    if (this.#waiters.size === 0) this.#available += 1
    else this.#waiters.shift(this.#permit())
    this.#disarm()
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#acquireTimeoutMs === Infinity) return
    if (this.#waiters.size === 0) return
    const clock = currentClock()
    const delayMs = Math.max(0, this.#waiters.first.expiresAt - clock.now())
    this.#timer = detached(() => clock.schedule(delayMs, () => this.#expire()))
  }

  /** A timer without waiters would keep the process alive. */
  #disarm(): void {
    if (this.#waiters.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Refuses those whose time is over; a timer whose own waiter has left re-arms for the next. */
  #expire(): void {
    this.#timer = undefined
    const now = currentClock().now()
    while (this.#waiters.size > 0 && this.#waiters.first.expiresAt <= now) {
      this.#failFirst('acquire_timeout')
    }
    this.#arm()
  }

  #failFirst(code: RefusalCode): void {
    let refusal: unknown
    try {
      refusal = this.#refusal(code, this.#waiters.first.context)
    } catch (mistake) {
      // The waiter, and those behind it, must hear of their end whatever became of its error.
      refusal = mistake
    }
    this.#waiters.fail(refusal)
  }

  #refusal(code: RefusalCode, context: C): Error {
    return this.#refuse(refused(code, this.#reason(code)), context)
  }

  #reason(code: RefusalCode): string {
    if (code === 'closed') return 'the client is closed'
    const all = `all ${this.connections} are in use`
    if (code === 'overloaded') return `${all}, and ${this.#queue} wait already`
    return `${all}, and none came free within ${this.#acquireTimeoutMs} ms`
  }
}
