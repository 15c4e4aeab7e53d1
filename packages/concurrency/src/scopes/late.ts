import { describeCall } from './describe-leftover.ts'
import { LeftoverError } from './leftover-error.ts'
import { reportLeftover } from './leftover.ts'
import type { Scope, ScopeInit } from './scope.ts'

/** Scopes in which something began after their end; each is reported once. */
const reported = new WeakSet<Scope>()

/**
 * Reports work that begins in `around` although that scope has ended: an `await` was forgotten, or the work
 * is shared and belongs in `detached()`. Nothing waits for it there.
 *
 * @throws {LeftoverError} where the scope is strict
 */
export function reportLate(around: Scope, init: ScopeInit): void {
  if (reported.has(around) && !around.strict) return
  reported.add(around)
  const leftover = describeCall(around, init, 'late', reportLate)
  if (around.strict) throw new LeftoverError(around.name, [leftover])
  reportLeftover(leftover)
}
