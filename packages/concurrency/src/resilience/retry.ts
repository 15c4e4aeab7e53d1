import { backoff } from '../boundary/backoff.ts'
import { Cancelled } from '../scopes/cancelled.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expected, expectFunction, expectInteger } from '../arguments/expected.ts'
import { isRetryable, outcomeOf, raiseOutcome } from '../scopes/outcome.ts'
import { kindOfError, warnRarely } from '../scopes/rare-warning.ts'
import { asked } from './asked.ts'
import { fieldOf, partsWithin } from '../scopes/read-error.ts'
import { remaining } from '../scopes/remaining.ts'
import type { RetryBudget } from './retry-budget.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { openScope, runInScope } from '../scopes/run-in-scope.ts'
import { Scope } from '../scopes/scope.ts'
import { sleep } from '../scopes/sleep.ts'

/** Options of {@link retry}. */
export interface RetryOptions {
  /** How often `fn` is called at the most: an integer from 1 up. @default 3 */
  readonly attempts?: number | undefined
  /** The longest wait before the second attempt, in milliseconds; doubled for each further one. @default 100 */
  readonly baseDelayMs?: number | undefined
  /** The longest wait of all, in milliseconds. @default 10_000 */
  readonly maxDelayMs?: number | undefined
  /**
   * Whether `fn` may be done twice, so that an outcome that is unknown does not stop it.
   * @default false
   */
  readonly idempotent?: boolean | undefined
  /**
   * Whether trying again may help; asked instead of looking at the error's `retryable`, which an `Error`
   * of your own and fetch's `TypeError` do not have. It does not say that trying again is _safe_: an
   * error that does not say `outcome: 'none'` is still repeated only with `idempotent: true`. Never
   * asked for a cancel.
   * @default (error) => isRetryable(error)
   */
  readonly when?: ((error: unknown, attempt: number) => boolean) | undefined
  /** Shared by all calls to the same other side: no retry without it. @default none */
  readonly budget?: RetryBudget | undefined
  /** Gives 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined
  /** Called after each failed attempt that is followed by another. */
  readonly onRetry?: ((error: unknown, attempt: number, delayMs: number) => void) | undefined
}

const OPTIONS = [
  'attempts',
  'baseDelayMs',
  'maxDelayMs',
  'idempotent',
  'when',
  'budget',
  'random',
  'onRetry',
] as const

/**
 * Calls `fn` again when it failed with an error that is `retryable` and whose `outcome` is `none` (or any
 * outcome, with `idempotent: true`). The errors of these packages have both fields; a plain `Error` and
 * what `fetch` throws have neither, and are not retried without `when` and `idempotent: true`. What an
 * attempt did counts as well: an attempt in which a write went through is not repeated.
 *
 * Waits a random time up to a bound that doubles ("full jitter", AWS Architecture Blog, "Exponential
 * Backoff And Jitter"), and no shorter than the other side asked (`retryAfterMs`). If the wait would pass
 * the deadline around it, it throws the failure at once.
 *
 * `@yuzuru/http`, `/storage`, `/billing` and `/calendar` already repeat their requests, and `transaction` of
 * `@yuzuru/db` itself: a `retry` around them multiplies the attempts. What must be tried for hours belongs
 * into a job.
 *
 * @param fn is given the number of the attempt: 1, 2, …
 * @throws the last failure; its `outcome` is `'unknown'` when an attempt before it did not say `'none'`
 * @throws {SuppressedError} when `when` or `onRetry` throws: that, and the failure
 * @throws {Cancelled} when the scope around it is cancelled
 * @throws {TypeError} when `fn` is not a function, or an option is unknown or out of its range
 * @example
 * const rates = await retry(() => http.json('/rates'), { attempts: 5 })
 * @example
 * const page = await retry(() => fetch(url), {
 *   when: (error) => error instanceof TypeError, // what fetch throws when it cannot connect
 *   idempotent: true,
 * })
 */
export async function retry<T>(
  fn: (attempt: number) => T | PromiseLike<T>,
  options: RetryOptions = {},
): Promise<T> {
  expectOptions(options, OPTIONS, 'retry')
  const { attempts = 3, baseDelayMs, maxDelayMs, random, idempotent = false } = options
  const { onRetry, budget, when } = options
  const waitAfter = backoff({ baseDelayMs, maxDelayMs, random })
  expectFunction('fn', fn)
  if (when !== undefined) expectFunction('when', when)
  expectInteger('attempts', attempts, 1)
  budget?.deposit()
  let mayHaveHappened = false
  const failed = (error: unknown): unknown => {
    if (mayHaveHappened) raiseOutcome(error)
    return error
  }
  for (let attempt = 1; ; attempt += 1) {
    const init = { kind: 'scope', name: `attempt ${attempt}` } as const
    const scope = openScope(init)
    if (!(scope instanceof Scope)) return await scope
    try {
      return await runInScope(scope, () => fn(attempt))
    } catch (error) {
      // Cancelled meanwhile: that stays pending, and what the body made of it is thrown as it is.
      if (currentScope()?.cancelled === true) throw failed(error)
      if (attempt === attempts || !mayHelp(error, attempt, when, failed)) throw failed(error)
      // What the attempt did counts, not only what its error says.
      const isUnsure = scope.outcome !== 'none' || outcomeOf(error) !== 'none'
      if (!idempotent && isUnsure) {
        if (when !== undefined) warnOfUnsafe(error)
        throw error
      }
      const delayMs = waitAfter(attempt, retryAfterOf(error))
      if (delayMs >= remaining() || budget?.tryWithdraw() === false) throw failed(error)
      // The next failure speaks of its own attempt alone; a cancel speaks of the scope around.
      mayHaveHappened ||= isUnsure
      if (outcomeOf(error) === 'unknown') currentScope()?.markEffect()
      asked(error, () => onRetry?.(error, attempt, delayMs), failed)
      await sleep(delayMs)
    }
  }
}

function mayHelp(
  error: unknown,
  attempt: number,
  when: RetryOptions['when'],
  failed: (error: unknown) => unknown,
): boolean {
  if (when === undefined) return isRetryable(error)
  if (isCancel(error)) return false
  const answer: unknown = asked(error, () => when(error, attempt), failed)
  if (typeof answer !== 'boolean') throw expected('when to return a boolean', answer)
  return answer
}

/** Whether it is a cancel, or has one in it. */
function isCancel(error: unknown): boolean {
  return partsWithin(error).some((part) => Cancelled.isInstance(part))
}

function warnOfUnsafe(error: unknown): void {
  warnRarely(
    `retry did not repeat what failed (${kindOfError(error)}) though \`when\` says that it may help: the error does not say that nothing has happened. Say \`idempotent: true\` if it may be done twice`,
    'RetryWarning',
  )
}

/** The longest wait that the error, or one of its parts, asks for. */
function retryAfterOf(error: unknown): number {
  const delays = partsWithin(error, (each) => fieldOf(each, 'retryAfterMs') !== undefined)
    .map((part) => fieldOf(part, 'retryAfterMs'))
    .filter((delayMs) => typeof delayMs === 'number' && delayMs >= 0)
  return delays.reduce<number>((longest, delayMs) => Math.max(longest, delayMs as number), 0)
}
