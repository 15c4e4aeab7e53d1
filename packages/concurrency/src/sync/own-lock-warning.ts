import { currentClock, type Timer } from '../scopes/clock.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { warnRarely } from '../scopes/rare-warning.ts'
import type { Scope } from '../scopes/scope.ts'
import type { ScopeKind } from '../scopes/scope-kind.ts'

/** The kinds of scope whose work runs concurrently with the code that opened them. */
const TASKS: ReadonlySet<ScopeKind> = new Set(['run', 'task', 'iterator'])

/** How long a task may wait for what it holds itself, in milliseconds. */
const PATIENCE_MS = 5_000

/** The task around the caller, whatever scopes are between; `undefined` outside of all scopes. */
export function currentTask(): Scope | undefined {
  let scope = currentScope()
  while (scope?.parent !== undefined && !TASKS.has(scope.kind)) scope = scope.parent
  return scope
}

/**
 * Warns when a task still waits after five seconds for a lock that it has held itself all the while. It
 * cannot be known earlier: other work of the same task, such as that of a `Promise.all`, may release it.
 *
 * @param isHeld whether the same holder still has the lock
 */
export function warnOfOwnLock(lock: string, task: string, isHeld: () => boolean): Timer {
  return currentClock().schedule(PATIENCE_MS, () => {
    if (!isHeld()) return
    warnRarely(
      `"${task}" has waited for 5 s for the lock "${lock}", which it holds itself. Does it acquire it a second time? A lock is not re-entrant`,
      'LockWarning',
    )
  })
}
