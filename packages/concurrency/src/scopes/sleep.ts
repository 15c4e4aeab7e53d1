import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { currentClock, type Timer } from './clock.ts'
import { currentScope } from './current-scope.ts'
import { refusal } from './refusal.ts'
import type { Scope } from './scope.ts'
import { Wait } from './wait.ts'

/**
 * Waits for `delayMs` milliseconds (any length; 0 or less gives the event loop one turn).
 *
 * Not for polling a flag (`Event` of `@yuzuru/concurrency/sync` can be awaited), and not for waiting
 * between attempts (`retry` does that, with jitter).
 *
 * @throws {Cancelled} as soon as the scope around it is cancelled
 * @throws {TypeError} when `delayMs` is not a number
 * @example
 * await sleep(250)
 */
export function sleep(delayMs: number): Promise<void> {
  expectMilliseconds('delayMs', delayMs, -Infinity)
  return refusal('wait', 'sleep') ?? new Sleep(currentScope(), delayMs).promise
}

class Sleep extends Wait<void> {
  readonly #timer: Timer | undefined

  constructor(scope: Scope | undefined, delayMs: number) {
    super(scope)
    if (delayMs === Infinity) return
    this.#timer = currentClock().schedule(Math.max(0, delayMs), () => this.resolve())
  }

  describe(): string {
    return 'sleep'
  }

  protected undo(): void {
    this.#timer?.cancel()
  }
}
