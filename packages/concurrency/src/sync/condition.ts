import { expectInteger } from '../arguments/expected.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { Lock, suspendLock } from './lock.ts'
import { callInScope, currentScope } from '../scopes/current-scope.ts'
import type { Permit } from './semaphore.ts'
import { WaitList } from '../scopes/wait-list.ts'

/** Options of {@link Condition}. */
export interface ConditionOptions {
  /** Shown in the task tree. @default 'condition' */
  readonly name?: string | undefined
  /** The lock that guards the state; several conditions may share one. @default one of its own */
  readonly lock?: Lock | undefined
}

/**
 * Lets tasks that hold a lock wait until another task notifies them that what the lock guards has changed.
 *
 * For a flag use `Event`, for handing items over a `Queue`: both are simpler.
 *
 * @example
 * using held = await condition.acquire()
 * await condition.waitFor(() => stock.length > 0)
 * sell(stock.pop())
 */
export class Condition {
  readonly name: string
  readonly lock: Lock
  readonly #waiters: WaitList<void>

  constructor(options: ConditionOptions = {}) {
    expectOptions(options, ['name', 'lock'], 'Condition')
    this.name = options.name ?? 'condition'
    this.lock = options.lock ?? new Lock({ name: this.name })
    this.#waiters = new WaitList(`condition "${this.name}"`)
  }

  /** How many wait to be notified. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** Waits for the lock and takes it. @throws {Cancelled} when the scope around it is cancelled first */
  acquire(): Promise<Permit> {
    return this.lock.acquire()
  }

  /**
   * Releases the lock, waits to be notified, and takes the lock again, even when it throws. Then check
   * whether what you wait for holds, or use {@link waitFor}, which does.
   *
   * @throws {Cancelled} when the scope around it is cancelled; a notification that it had received goes to
   *   another waiter
   * @throws {TypeError} when the lock is not held
   */
  async wait(): Promise<void> {
    const scope = currentScope()
    const refused = this.#waiters.refusal()
    if (refused !== undefined) return await refused
    const resume = suspendLock(this.lock)
    let notified = false
    try {
      await this.#waiters.wait()
      notified = true
    } finally {
      // Nothing may interrupt this: the caller's `using` will release the lock.
      await callInScope(undefined, resume)
    }
    const cancelled = scope?.reason
    if (notified && cancelled !== undefined) {
      this.#waiters.shift()
      throw cancelled
    }
  }

  /**
   * Waits, as often as it takes, until `predicate` returns true. It is called with the lock held.
   *
   * @throws {Cancelled} when the scope around it is cancelled first
   * @throws {TypeError} when the lock is not held
   */
  async waitFor(predicate: () => boolean): Promise<void> {
    while (!predicate()) await this.wait()
  }

  /**
   * Wakes the first `count` waiters, once the caller releases the lock.
   *
   * @param count an integer from 0 up, or `Infinity`
   * @throws {TypeError} when the lock is not held
   */
  notify(count = 1): void {
    expectInteger('count', count, 0, Infinity)
    if (!this.lock.locked) {
      throw new TypeError(`Expected the lock "${this.lock.name}" to be held, got one that is free`)
    }
    for (let i = 0; i < count && this.#waiters.size > 0; i += 1) this.#waiters.shift()
  }

  /** Wakes all waiters, once the caller releases the lock. @throws {TypeError} when the lock is not held */
  notifyAll(): void {
    this.notify(this.#waiters.size)
  }
}
