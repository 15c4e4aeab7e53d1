import { expectOptions } from '../arguments/expect-options.ts'
import { WaitList } from '../scopes/wait-list.ts'

/** Options of {@link Event}. */
export interface EventOptions {
  /** Shown in the task tree. @default 'event' */
  readonly name?: string | undefined
}

/**
 * A flag that can be waited for, like asyncio's `Event` (not the DOM's). It stays set until it is cleared,
 * so a caller that comes later does not wait.
 *
 * It hands nothing over: use a `Queue` for items, and await a task for its result.
 *
 * @example
 * const ready = new Event()
 * group.spawn(async () => { await ready.wait(); await work() })
 * ready.set()
 */
export class Event {
  readonly name: string
  #set = false
  readonly #waiters: WaitList<void>

  constructor(options: EventOptions = {}) {
    expectOptions(options, ['name'], 'Event')
    this.name = options.name ?? 'event'
    this.#waiters = new WaitList(`event "${this.name}"`)
  }

  /** Whether it is set now. */
  get isSet(): boolean {
    return this.#set
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** Sets it and wakes all waiters, even if it is cleared before they run. */
  set(): void {
    this.#set = true
    while (this.#waiters.shift());
  }

  /** Resets it, so that later callers of `wait` wait again. */
  clear(): void {
    this.#set = false
  }

  /**
   * Waits until it is set; not at all if it is.
   *
   * @throws {Cancelled} when the scope around it is cancelled first
   */
  wait(): Promise<void> {
    if (!this.#set) return this.#waiters.wait()
    return this.#waiters.refusal() ?? Promise.resolve()
  }
}
