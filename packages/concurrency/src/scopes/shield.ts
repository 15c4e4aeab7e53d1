import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { currentScope } from './current-scope.ts'
import { type CancelScope, Scope } from './scope.ts'
import { runTimed } from './timeout.ts'

/** Options of {@link shield}. */
export interface ShieldOptions {
  /** Shown in errors and the task tree. @default 'shield' */
  readonly name?: string | undefined
  /** A deadline of its own, in milliseconds: clean-up should not take for ever. @default Infinity */
  readonly timeoutMs?: number | undefined
}

/**
 * Calls `fn` where the cancels and deadlines around it do not reach: for clean-up that must be done. The
 * cancel outside stays pending and is thrown at the first checkpoint after it.
 *
 * Give it a `timeoutMs`: a shield without one can hold up a shutdown for ever. Not for whole requests or
 * transactions, which should end when their caller does.
 *
 * @returns what `fn` returned
 * @throws what `fn` threw
 * @throws {TimeoutError} when its own `timeoutMs` passed
 * @throws {TypeError} when `fn` is not a function, or an option is unknown or has the wrong type
 * @example
 * catch (error) { await shield(() => upload.abort(), { timeoutMs: 5_000 }); throw error }
 */
export async function shield<T>(
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options: ShieldOptions = {},
): Promise<T> {
  expectOptions(options, ['name', 'timeoutMs'], 'shield')
  const { name = 'shield', timeoutMs = Infinity } = options
  expectFunction('fn', fn)
  expectMilliseconds('timeoutMs', timeoutMs, -Infinity)
  const scope = new Scope({ kind: 'shield', name, shielded: true, timeoutMs }, currentScope())
  return await runTimed(scope, timeoutMs, fn)
}
