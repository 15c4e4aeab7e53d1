import { type Permit, Semaphore } from './semaphore.ts'

export interface LockOptions {
  /** Shown in the task tree. @default 'lock' */
  readonly name?: string
}

/**
 * One at a time, first come, first served. Not re-entrant: who holds it and asks again waits for
 * itself.
 *
 * @example
 * const lock = new Lock()
 * using held = await lock.acquire()
 */
export class Lock {
  readonly name: string
  readonly #semaphore: Semaphore

  constructor(options: LockOptions = {}) {
    this.name = options.name ?? 'lock'
    this.#semaphore = new Semaphore(1, { name: this.name, kind: 'lock' })
  }

  /** Whether somebody holds it. */
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
  acquire(): Promise<Permit> {
    return this.#semaphore.acquire()
  }

  /** Takes it if it is free now, else gives `undefined`. */
  tryAcquire(): Permit | undefined {
    return this.#semaphore.tryAcquire()
  }
}
