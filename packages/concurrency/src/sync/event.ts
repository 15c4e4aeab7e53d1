import { expectOptions } from '../arguments/expect-options.ts'
import { WaitList } from '../scopes/wait-list.ts'

export interface EventOptions {
  /** Shown in the task tree. @default 'event' */
  readonly name?: string | undefined
}

/**
 * A flag that can be waited for. It stays set until it is cleared, so nobody comes too late. (For DOM
 * events there is the global `Event`; this one is asyncio's.)
 *
 * @example
 * const ready = new Event()
 * await ready.wait()
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
