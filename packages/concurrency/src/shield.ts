import { currentClock } from './clock.ts'
import { expectFunction } from './describe-value.ts'
import { explain, runInScope } from './run-in-scope.ts'
import { type CancelScope, currentScope, Scope } from './scope.ts'
import { armDeadline, expectDelay, timedOut } from './timeout.ts'

export interface ShieldOptions {
  /** Shown in errors and the task tree. @default 'shield' */
  readonly name?: string
  /** A deadline of its own, in milliseconds: clean-up should not take for ever. @default Infinity */
  readonly timeoutMs?: number
}

/**
 * Calls `fn` where the cancels and deadlines around it do not reach. For clean-up that must be done;
 * the cancel outside stays pending and is thrown at the first checkpoint after it.
 *
 * @throws {TimeoutError} when its own `timeoutMs` passed
 * @example
 * catch (error) { await shield(() => upload.abort(), { timeoutMs: 5_000 }); throw error }
 */
export async function shield<T>(
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options: ShieldOptions = {},
): Promise<T> {
  const { name = 'shield', timeoutMs = Infinity } = options
  expectFunction('fn', fn)
  expectDelay('timeoutMs', timeoutMs)
  const deadline = currentClock().now() + timeoutMs
  const scope = new Scope({
    kind: 'shield',
    name,
    parent: currentScope(),
    shielded: true,
    deadline,
  })
  if (timeoutMs <= 0) {
    scope.end()
    throw timedOut(scope, timeoutMs)
  }
  const timer = armDeadline(scope, timeoutMs, deadline)
  try {
    return await runInScope(scope, fn)
  } catch (error) {
    throw explain(scope, error, () =>
      scope.expired ? timedOut(scope, timeoutMs) : scope.ownReason,
    )
  } finally {
    timer?.cancel()
  }
}
