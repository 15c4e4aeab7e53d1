import { currentClock } from './clock.ts'
import { expectDelay } from './timeout.ts'
import { wait } from './wait.ts'

/**
 * Waits for `delayMs` milliseconds (any length; 0 or less gives the event loop one turn).
 *
 * @throws {Cancelled} as soon as the scope around it is cancelled
 * @example
 * await sleep(250)
 */
export function sleep(delayMs: number): Promise<void> {
  expectDelay('delayMs', delayMs)
  return wait<void>('sleep', (resolve) => {
    if (delayMs === Infinity) return () => undefined
    const timer = currentClock().schedule(Math.max(0, delayMs), resolve)
    return () => timer.cancel()
  })
}
