import { captureCallPlace } from './call-place.ts'
import { Cancelled } from './cancelled.ts'
import { describeValue } from './describe-value.ts'
import { expected } from './expected.ts'
import { expectSignal, followSignal } from './follow-signal.ts'
import { IoError } from './io-error.ts'
import { closeSpan, failSpan, openSpan, startInSpan } from './io-trace.ts'
import { type Effect, type Outcome, outcomeOf } from './outcome.ts'
import { comesOfCancel, explain, openScope, runInScope } from './run-in-scope.ts'
import type { Scope } from './scope.ts'
import { armDeadline, expectDelay, timedOut } from './timeout.ts'
import { TimeoutError } from './timeout-error.ts'

/** The last argument of every function that leaves the process. */
export interface IoOptions {
  /** A foreign signal; it joins the ambient scope. */
  readonly signal?: AbortSignal | undefined
  /** A deadline for this call alone, in milliseconds; the nearest of all deadlines wins. */
  readonly timeoutMs?: number | undefined
}

/** What an I/O call is, for errors, traces and the task tree. Never put a secret into it. */
export interface IoCall {
  /** The package: `'db'`, `'storage'` … */
  readonly boundary: string
  /** The verb: `'query'`, `'upload'` … */
  readonly operation: string
  readonly effect: Effect
  /**
   * Makes the package's own error of what the native client threw. `outcome` is what is known by
   * default. Not asked for a cancel, a `TimeoutError`, an `IoError` or a `TypeError`.
   */
  readonly translate?: (error: unknown, outcome: Outcome) => Error
}

/** What the body of an I/O call may tell about it. */
export interface IoProgress {
  /**
   * Whether something that may have an effect has left the process. Starts as `true`; a body that can
   * tell sets it to `false` first (while it waits for a connection, say) and then to `true`.
   */
  sent: boolean
}

/**
 * The one door to the outside world. Refuses to start in a cancelled scope; hands down the joined
 * signal; applies the deadline; publishes to `tracing:yuzuru:io:*`; stands in the task tree; and
 * turns what comes back into `IoError`, `TimeoutError` or `Cancelled`, with an honest outcome.
 *
 * `fn` must end soon after `signal` fires: it is awaited, never raced.
 *
 * @example
 * await io({ boundary: 'fs', operation: 'read', effect: 'read' }, options, (signal) =>
 *   readFile(path, { signal }))
 */
export async function io<T>(
  call: IoCall,
  options: IoOptions | undefined,
  fn: (signal: AbortSignal, progress: IoProgress) => T | PromiseLike<T>,
): Promise<T> {
  const { signal, timeoutMs = Infinity } = expectIoOptions(options)
  const scope = openScope({ kind: 'io', name: `${call.boundary}.${call.operation}`, timeoutMs })
  if (scope.parent !== undefined) {
    scope.origin = captureCallPlace(io, scope.startedAt, scope.strict)
  }
  const unfollow = followSignal(scope, signal)
  const timer = armDeadline(scope, timeoutMs)
  const progress: IoProgress = { sent: !scope.cancelled }
  const span = openSpan(call)
  try {
    const value = await startInSpan(span, () =>
      runInScope(scope, () => {
        scope.throwIfCancelled()
        return fn(scope.signal, progress)
      }),
    )
    if (call.effect !== 'read') scope.parent?.markEffect()
    return value
  } catch (error) {
    const failure = failureOf(scope, call, progress, timeoutMs, error)
    failSpan(span, failure)
    throw failure
  } finally {
    closeSpan(span)
    timer?.cancel()
    unfollow()
  }
}

/** Refuses what is no set of {@link IoOptions}. */
function expectIoOptions(options: IoOptions | undefined): IoOptions {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null) {
    throw expected('options to be an object', options)
  }
  expectSignal(options.signal)
  if (options.timeoutMs !== undefined) expectDelay('timeoutMs', options.timeoutMs)
  return options
}

function failureOf(
  scope: Scope,
  call: IoCall,
  progress: IoProgress,
  timeoutMs: number,
  error: unknown,
): unknown {
  const outcome: Outcome = call.effect === 'read' || !progress.sent ? 'none' : 'unknown'
  if (comesOfCancel(scope, error)) {
    if (outcome === 'unknown') scope.markEffect()
    return explain(scope, error, () =>
      scope.expired ? timedOut(scope, timeoutMs) : scope.ownReason,
    )
  }
  const failure = translated(call, outcome, error)
  if (outcomeOf(failure) === 'unknown') scope.parent?.markEffect()
  return failure
}

function translated(call: IoCall, outcome: Outcome, error: unknown): unknown {
  if (IoError.isInstance(error) || TimeoutError.isInstance(error)) return error
  if (Cancelled.isInstance(error) || error instanceof TypeError) return error
  if (call.translate !== undefined) return call.translate(error, outcome)
  const told = error instanceof Error ? error.message : describeValue(error)
  return new IoError(`${call.boundary}.${call.operation} failed: ${told}`, {
    boundary: call.boundary,
    operation: call.operation,
    code: 'unexpected',
    retryable: false,
    outcome,
    cause: error,
  })
}
