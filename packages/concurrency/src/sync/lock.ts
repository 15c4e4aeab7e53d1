import { expectOptions } from '../arguments/expect-options.ts'
import type { Timer } from '../scopes/clock.ts'
import { currentTask, warnOfOwnLock } from './own-lock-warning.ts'
import type { Scope } from '../scopes/scope.ts'
import { type Permit, Semaphore } from './semaphore.ts'

/** Options of {@link Lock}. */
export interface LockOptions {
  /** Shown in the task tree. @default 'lock' */
  readonly name?: string | undefined
}

/**
 * Releases a lock for a while. The holder's permit stays valid, and holds the lock again once the promise
 * of the returned function has settled, unless it was released meanwhile: then nobody is left to release
 * it. Throws if the lock is not held. For conditions.
 */
export let suspendLock: (lock: Lock) => () => Promise<void>

/**
 * Lets one holder at a time through, first come, first served. Not re-entrant: a task that holds it and
 * acquires it again waits for itself, and a process warning says so after five seconds.
 *
 * It works within one process; across processes use a row or an advisory lock of the database. Do not hold
 * a lock while waiting for a person or a slow service.
 *
 * @example
 * const lock = new Lock()
 * using held = await lock.acquire()
 */
export class Lock {
  readonly name: string
  readonly #semaphore: Semaphore
  #holder: Hold | undefined

  static {
    suspendLock = (lock) => {
      const holder = lock.#holder
      if (holder === undefined) {
        throw new TypeError(`Expected the lock "${lock.name}" to be held, got one that is free`)
      }
      lock.#holder = undefined
      holder.permit.release()
      return async () => {
        if (holder.released) return
        holder.permit = await lock.#semaphore.acquire()
        if (holder.released) holder.permit.release()
        else lock.#holder = holder
      }
    }
  }

  constructor(options: LockOptions = {}) {
    expectOptions(options, ['name'], 'Lock')
    this.name = options.name ?? 'lock'
    this.#semaphore = new Semaphore(1, { name: this.name, kind: 'lock' })
  }

  /** Whether it is held. */
  get locked(): boolean {
    return this.#semaphore.available === 0
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#semaphore.waiting
  }

  /**
   * Waits until it is free and takes it.
   *
   * @throws {Cancelled} when the scope around it is cancelled first
   */
  async acquire(): Promise<Permit> {
    const warning = this.#holder === undefined ? undefined : this.#watchOwn(this.#holder)
    try {
      return this.#hold(await this.#semaphore.acquire())
    } finally {
      warning?.cancel()
    }
  }

  /** Takes it if it is free now, else gives `undefined`. */
  tryAcquire(): Permit | undefined {
    const permit = this.#semaphore.tryAcquire()
    return permit && this.#hold(permit)
  }

  /** Warns of a task that waits for itself. */
  #watchOwn(holder: Hold): Timer | undefined {
    const task = currentTask()
    if (task === undefined || task !== holder.task) return undefined
    // Also while a condition has released it: a waiter gets it before the former holder does again.
    return warnOfOwnLock(this.name, task.name, () => this.#holder === holder)
  }

  #hold(permit: Permit): Permit {
    const hold = new Hold(permit, () => {
      if (this.#holder === hold) this.#holder = undefined
    })
    this.#holder = hold
    return hold
  }
}

/**
 * The permit of a lock's holder. A condition releases the permit within it and later replaces it with
 * another.
 */
class Hold implements Permit {
  permit: Permit
  released = false
  readonly task: Scope | undefined = currentTask()
  readonly #onRelease: () => void

  constructor(permit: Permit, onRelease: () => void) {
    this.permit = permit
    this.#onRelease = onRelease
  }

  release(): void {
    this.released = true
    this.#onRelease()
    this.permit.release()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
