import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { expectSignal, followSignal } from './follow-signal.ts'
import { explain } from './cancel-cause.ts'
import { openScope, runInScope } from './run-in-scope.ts'
import { type CancelScope, type Ending, Scope } from './scope.ts'

/** Options of {@link cancelScope}. */
export interface CancelScopeOptions {
  /** Shown in errors and the task tree. @default 'scope' */
  readonly name?: string | undefined
  /** A foreign signal whose abort cancels the scope. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls `fn` within a scope that `fn`, or any code it hands the scope to, can cancel. Returns when `fn`
 * and all that it started have ended.
 *
 * Not for a time limit ({@link withTimeout}) and not for work side by side ({@link taskGroup}), which
 * make scopes of their own.
 *
 * @returns what `fn` returned
 * @throws {Cancelled} when the scope was cancelled, from inside or outside, and `fn` let that pass
 * @throws what `fn` threw
 * @throws {TypeError} when `fn` is not a function, or an option is unknown or has the wrong type
 * @example
 * await cancelScope(async (scope) => {
 *   button.once('click', () => scope.cancel('stop was pressed'))
 *   await work()
 * })
 */
export function cancelScope<T>(
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options?: CancelScopeOptions,
): Promise<T> {
  try {
    expectOptions(options, ['name', 'signal'], 'cancelScope')
    expectFunction('fn', fn)
    const signal = options?.signal
    expectSignal(signal)
    const init = { kind: 'scope', name: options?.name ?? 'scope' } as const
    const scope = openScope(init)
    return scope instanceof Scope ? runFollowing(scope, signal, fn) : scope
  } catch (error) {
    return Promise.reject(error)
  }
}

function runFollowing<T>(
  scope: Scope,
  signal: AbortSignal | undefined,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
): Promise<T> {
  scope.owner = followSignal(scope, signal)
  return runInScope(scope, fn, following)
}

const following: Ending<unknown, never> = {
  onValue(value, { owner: unfollow }) {
    ;(unfollow as () => void)()
    return value as never
  },
  onError(error, scope) {
    ;(scope.owner as () => void)()
    throw explain(scope, error)
  },
}
