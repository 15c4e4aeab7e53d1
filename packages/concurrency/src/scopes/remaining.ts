import { currentClock } from './clock.ts'
import { currentScope } from './current-scope.ts'

/**
 * The milliseconds left until the nearest deadline around the caller, never below 0; `Infinity` when
 * there is none. A shield hides the deadlines outside it.
 *
 * Calls of these packages obey the deadline by themselves; use it for APIs that take a timeout of their
 * own.
 *
 * @example
 * await client.call({ timeout: Math.min(remaining(), 10_000) })
 */
export function remaining(): number {
  const deadline = currentScope()?.deadline ?? Infinity
  return deadline === Infinity ? Infinity : Math.max(0, deadline - currentClock().now())
}
