import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { expectSignal, followSignal } from './follow-signal.ts'
import { explain } from './cancel-cause.ts'
import { openScope, refusalToOpen, runInScope } from './run-in-scope.ts'
import type { CancelScope } from './scope.ts'

export interface CancelScopeOptions {
  /** Shown in errors and the task tree. @default 'scope' */
  readonly name?: string
  /** A foreign signal whose abort cancels the scope. */
  readonly signal?: AbortSignal
}

/**
 * Calls `fn` within a scope that it, or whoever it hands the scope to, can cancel. Returns when `fn`
 * and all that it started have ended.
 *
 * @returns what `fn` returned
 * @throws {Cancelled} when the scope was cancelled and `fn` let that pass
 * @example
 * await cancelScope(async (scope) => {
 *   button.once('click', () => scope.cancel('stop was pressed'))
 *   await work()
 * })
 */
export async function cancelScope<T>(
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options: CancelScopeOptions = {},
): Promise<T> {
  expectOptions(options, ['name', 'signal'], 'cancelScope')
  expectFunction('fn', fn)
  expectSignal(options.signal)
  const init = { kind: 'scope', name: options.name ?? 'scope' } as const
  const refused = refusalToOpen(init)
  if (refused !== undefined) return await refused
  const scope = openScope(init)
  const unfollow = followSignal(scope, options.signal)
  try {
    return await runInScope(scope, fn)
  } catch (error) {
    throw explain(scope, error)
  } finally {
    unfollow()
  }
}
