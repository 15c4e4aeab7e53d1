import { currentClock, describeValue } from '@yuzuru/concurrency'
import { type Permit } from '@yuzuru/concurrency/sync'
import { expectObject } from './expect.ts'

/** How a storage is closed. */
export interface CloseOptions {
  /**
   * How long what is under way may take to end, in milliseconds, from 0 up: calls, lists that are not at
   * their end, downloads that are not read. What is left then is cut off. @default 10_000
   */
  readonly drainMs?: number | undefined
}

/** How long calls that were cut off may take to undo what they had begun, in milliseconds. */
const UNDO_MS = 15_000

/**
 * The calls of one storage that are under way, and what they handed out that is still being read. Closing
 * waits for all of them, cuts off what is left at its deadline, and waits until that has undone itself.
 */
export class Drain {
  readonly #cut: AbortController = new AbortController()
  #calls = 0
  #kept = 0
  #closing = false
  #onChange: () => void = () => undefined

  /** Whether `close` was called: no new call begins. */
  get closing(): boolean {
    return this.#closing
  }

  /** Fires when the calls that are still under way are to end. */
  get cut(): AbortSignal {
    return this.#cut.signal
  }

  /** Counts in a call, until its permit is released. It is the caller's part to ask `closing` before. */
  begin(): Permit {
    this.#calls += 1
    return this.#permit(() => (this.#calls -= 1))
  }

  /** Counts in what a call handed out: a download that is not read yet, a list between two pages. */
  keep(): Permit {
    this.#kept += 1
    return this.#permit(() => (this.#kept -= 1))
  }

  /**
   * Waits until nothing is under way. What is not handed back within `drainMs` is cut off; then only calls
   * are waited for, as nobody may ever read the rest of a download.
   *
   * @returns how much of `drainMs` is left
   */
  async close(drainMs: number): Promise<number> {
    this.#closing = true
    const clock = currentClock()
    const startedAt = clock.now()
    await this.#until(() => this.#calls + this.#kept === 0, drainMs)
    const leftMs = Math.max(0, startedAt + drainMs - clock.now())
    if (this.#calls + this.#kept === 0) return leftMs
    this.#cut.abort(new Error('the storage was closed'))
    await this.#until(() => this.#calls === 0, UNDO_MS)
    return 0
  }

  #permit(onRelease: () => void): Permit {
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      onRelease()
      this.#onChange()
    }
    return { release, [Symbol.dispose]: release }
  }

  async #until(isOver: () => boolean, waitMs: number): Promise<void> {
    if (waitMs === 0 || isOver()) return
    const over = Promise.withResolvers<void>()
    this.#onChange = () => {
      if (isOver()) over.resolve()
    }
    const late = waitMs === Infinity ? undefined : currentClock().schedule(waitMs, over.resolve)
    await over.promise
    late?.cancel()
  }
}

/** Checks how long to wait for what is under way. */
export function expectDrain(options: CloseOptions): number {
  expectObject('options', options)
  const { drainMs = 10_000 } = options
  if (typeof drainMs === 'number' && drainMs >= 0) return drainMs
  throw new TypeError(
    `Expected drainMs to be a number of milliseconds from 0 up, got ${describeValue(drainMs)}`,
  )
}
