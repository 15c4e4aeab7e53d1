import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { currentClock, type Timer } from './clock.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { describeLeftover } from './describe-leftover.ts'
import { reportFailure } from './end-leftovers.ts'
import { reportLeftover } from './leftover.ts'
import { comesOfCancel, explain } from './cancel-cause.ts'
import { openScope, runInScope } from './run-in-scope.ts'
import { type CancelScope, type Ending, Scope } from './scope.ts'
import { TimeoutError } from './timeout-error.ts'

/** Options of {@link withTimeout}, `withDeadline` and `moveOnAfter`. */
export interface TimeoutOptions {
  /** Shown in errors and the task tree. @default 'timeout' */
  readonly name?: string | undefined
  /**
   * How long to wait, after the deadline, for the body to end, in milliseconds. What has not ended by
   * then is reported as a leftover. @default Infinity (wait as long as it takes)
   */
  readonly graceMs?: number | undefined
}

const OPTIONS = ['name', 'graceMs'] as const

/**
 * Calls `fn` and cancels it after `timeoutMs` milliseconds: the signals of all I/O within fire, and every
 * later checkpoint throws. Returns only when `fn` and all that it started have ended. Timeouts nest, and
 * the nearest deadline wins.
 *
 * It cannot interrupt code that never awaits: that needs `threads`. Where an expiry is no failure, use
 * {@link moveOnAfter}.
 *
 * @param timeoutMs in milliseconds; at 0 or less the body never starts, `Infinity` means no limit
 * @returns what `fn` returned, also when it did so after its deadline (`scope.expired` says so)
 * @throws {TimeoutError} when the deadline passed and `fn` let the cancel pass; its `outcome` says whether an
 *   effect may have happened
 * @throws {Cancelled} when a scope around it was cancelled
 * @throws what `fn` threw
 * @throws {TypeError} when `timeoutMs` is not a number, or an option is unknown or has the wrong type
 * @example
 * const page = await withTimeout(2_000, () => render(office))
 */
export function withTimeout<T>(
  timeoutMs: number,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options?: TimeoutOptions,
): Promise<T> {
  return runTimeout(timeoutMs, fn, options, throwing, 'withTimeout')
}

/** What a timeout returns or throws to its caller. */
export interface Verdict<T, R> {
  /** The body returned `value`, in time or not. */
  returned(value: T): R
  /** The deadline of the scope, and nothing further out, ended the body. */
  expired(scope: Scope, timeoutMs: number): R
}

/** An expiry is a `TimeoutError`. */
export const throwing: Verdict<unknown, never> = {
  returned: (value) => value as never,
  expired(scope, timeoutMs) {
    throw timedOut(scope, timeoutMs)
  },
}

/**
 * Like {@link withTimeout}, but `verdict` decides the result.
 *
 * @param where the function that was called, for the errors of its options
 * @param defaultName of the scope
 */
export function runTimeout<T, R>(
  timeoutMs: number,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  options: TimeoutOptions | undefined,
  verdict: Verdict<T, R>,
  where: string,
  defaultName = 'timeout',
): Promise<R> {
  try {
    expectOptions(options, OPTIONS, where)
    const graceMs = options?.graceMs
    expectFunction('fn', fn)
    expectMilliseconds('timeoutMs', timeoutMs, -Infinity)
    if (graceMs !== undefined) expectMilliseconds('graceMs', graceMs, -Infinity)
    const init = { kind: 'timeout', name: options?.name ?? defaultName, timeoutMs } as const
    const scope = openScope(init)
    return scope instanceof Scope ? runTimed(scope, timeoutMs, fn, graceMs, verdict) : scope
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Calls `fn` within `scope`, whose deadline is in `timeoutMs`. */
export function runTimed<T, R = T>(
  scope: Scope,
  timeoutMs: number,
  fn: (scope: CancelScope) => T | PromiseLike<T>,
  graceMs: number = Infinity,
  verdict: Verdict<T, R> = throwing,
): Promise<R> {
  const timer = armDeadline(scope, timeoutMs)
  if (timeoutMs <= 0) {
    scope.end()
    return Promise.try(() => verdict.expired(scope, timeoutMs))
  }
  scope.owner = { timer, timeoutMs, verdict: verdict as Timing['verdict'] } satisfies Timing
  if (graceMs === Infinity) return runInScope(scope, fn, timed)
  return withGrace(scope, runInScope(scope, fn), graceMs).then(
    (value) => timed.onValue(value, scope),
    (error: unknown) => timed.onError(error, scope),
  )
}

/** The state that ends a scope with a deadline. */
interface Timing {
  readonly timer: Timer | undefined
  readonly timeoutMs: number
  readonly verdict: Verdict<unknown, never>
}

const timed: Ending<unknown, never> = {
  onValue(value, scope) {
    const { timer, verdict } = scope.owner as Timing
    timer?.cancel()
    return verdict.returned(value)
  },
  onError(error, scope) {
    const { timer, timeoutMs, verdict } = scope.owner as Timing
    timer?.cancel()
    if (isOverdue(scope) && comesOfCancel(scope, error)) return verdict.expired(scope, timeoutMs)
    throw explain(scope, error)
  },
}

/**
 * Starts the timer that cancels `scope` at its deadline; if that has passed, cancels it now. No timer is
 * started if an ancestor has the same deadline or an earlier one: its cancel arrives first.
 */
export function armDeadline(scope: Scope, timeoutMs: number): Timer | undefined {
  if (timeoutMs <= 0) expire(scope, timeoutMs)
  else if (timeoutMs < Infinity && scope.deadline === scope.startedAt + timeoutMs) {
    return currentClock().schedule(timeoutMs, () => expire(scope, timeoutMs), scope.startedAt)
  }
  return undefined
}

/** Cancels `scope`, as its deadline has passed. */
export function expire(scope: Scope, timeoutMs: number): void {
  scope.abort('timeout', `"${scope.name}" ran out of its ${timeoutMs} ms`)
}

/** Whether its own deadline is what cancelled `scope`, and nothing further out. */
export function isOverdue(scope: Scope): boolean {
  return scope.expired && scope.inheritedReason === undefined
}

/** The error for the owner of the expired timeout that `scope` is. */
export function timedOut(scope: Scope, timeoutMs: number): TimeoutError {
  const { outcome, ownReason } = scope
  const detail = outcome === 'none' ? '' : '; an effect within it may have happened'
  return new TimeoutError(`"${scope.name}" did not end within ${timeoutMs} ms${detail}`, {
    scope: scope.name,
    timeoutMs,
    outcome,
    cause: ownReason,
  })
}

/** Waits for `body`, but no longer than `graceMs` after the scope was cancelled. */
export async function withGrace<T>(scope: Scope, body: Promise<T>, graceMs: number): Promise<T> {
  let timer: Timer | undefined
  const grace = Promise.withResolvers<never>()
  const unlisten = scope.onCancel((reason) => {
    // The body has ended. The grace does not limit what it left behind.
    if (reason.source === 'scope-end' && reason === scope.ownReason) return
    timer = currentClock().schedule(graceMs, () => {
      scope.abandon()
      reportLeftover(describeLeftover(scope, 'abandoned'))
      body.catch((error: unknown) => reportFailure(scope, error))
      grace.reject(reason)
    })
  })
  try {
    return await Promise.race([body, grace.promise])
  } finally {
    unlisten()
    timer?.cancel()
  }
}
