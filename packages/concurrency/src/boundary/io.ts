import { captureCallPlace } from '../scopes/call-place.ts'
import { comesOfCancel, explain } from '../scopes/cancel-cause.ts'
import { Cancelled } from '../scopes/cancelled.ts'
import type { Timer } from '../scopes/clock.ts'
import { describeValue } from '../arguments/describe-value.ts'
import { expectEffect } from './expect-effect.ts'
import { expectBoolean, expectObject, expectMilliseconds } from '../arguments/expect-kind.ts'
import { expectRequiredOptions } from '../arguments/expect-options.ts'
import { expectFunction, expectText } from '../arguments/expected.ts'
import { expectSignal, followSignal } from '../scopes/follow-signal.ts'
import { IoError } from './io-error.ts'
import { expectFailure } from '../scopes/expect-failure.ts'
import { closeSpan, failSpan, type IoEvent, openSpan, startInSpan } from './io-trace.ts'
import { type Effect, type Outcome, outcomeOf, raiseOutcome } from '../scopes/outcome.ts'
import { fieldOf, isOf, messageOf } from '../scopes/read-error.ts'
import { openScope, runInScope } from '../scopes/run-in-scope.ts'
import { type Ending, Scope } from '../scopes/scope.ts'
import { armDeadline, timedOut } from '../scopes/timeout.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'

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
   * default; an error that says `'none'` takes precedence over what the calls within add up to. Not
   * asked for a cancel, a `TimeoutError`, an `IoError`, or a `TypeError` that is no platform's own.
   *
   * `'none'` leaves every error as it is: for a call that only joins calls that have translated theirs,
   * or that runs the caller's own code. An error that does not tell its `outcome` then counts as one
   * whose outcome is what is known by default.
   *
   * @default an `IoError` with the code `'unexpected'`
   */
  readonly translate?: ((error: unknown, outcome: Outcome) => Error) | 'none' | undefined
  /**
   * Whether it counts as an effect of the scopes around it. `false` is for what a larger call takes
   * back as a whole: the parts of an upload, say. That call then answers for it.
   *
   * @default true
   */
  readonly counts?: boolean | undefined
}

/** What the body of an I/O call may tell about it. */
export interface IoProgress {
  /**
   * Whether something that may have an effect has left the process. Starts as `true`; a body that can
   * tell sets it to `false` first (while it waits for a connection, say) and then to `true`.
   */
  sent: boolean
  /**
   * What the body knows of the outcome as it fails: what the other side said, or that all was taken
   * back. Takes precedence over what the calls within it add up to; of a cancel, these tell.
   *
   * @default undefined: they add up
   */
  outcome?: Outcome | undefined
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
export function io<T>(
  call: IoCall,
  options: IoOptions | undefined,
  fn: (signal: AbortSignal, progress: IoProgress) => T | PromiseLike<T>,
): Promise<T> {
  try {
    expectCall(call)
    expectFunction('fn', fn)
    const { signal, timeoutMs = Infinity } = expectIoOptions(options)
    const { boundary, operation, counts = true } = call
    const init = { kind: 'io', name: `${boundary}.${operation}`, timeoutMs, counts } as const
    const scope = openScope(init)
    if (!(scope instanceof Scope)) return scope
    if (scope.parent !== undefined) {
      scope.origin = captureCallPlace(io, scope.startedAt, scope.strict)
    }
    const open = new OpenCall(scope, call, timeoutMs, signal, fn)
    scope.owner = open
    return startInSpan(open.span, () => runInScope(scope, perform<T>, performed))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** A call that is under way. */
class OpenCall {
  readonly call: IoCall
  readonly fn: (signal: AbortSignal, progress: IoProgress) => unknown
  readonly progress: Progress
  readonly timeoutMs: number
  readonly span: IoEvent | undefined
  readonly #timer: Timer | undefined
  readonly #unfollow: () => void

  constructor(
    scope: Scope,
    call: IoCall,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    fn: OpenCall['fn'],
  ) {
    this.call = call
    this.fn = fn
    this.timeoutMs = timeoutMs
    this.#unfollow = followSignal(scope, signal)
    this.#timer = armDeadline(scope, timeoutMs)
    this.progress = new Progress(scope, call.effect)
    this.span = openSpan(call)
  }

  close(): void {
    closeSpan(this.span)
    this.#timer?.cancel()
    this.#unfollow()
  }
}

function perform<T>(scope: Scope): T | PromiseLike<T> {
  const { fn, progress } = scope.owner as OpenCall
  scope.throwIfCancelled()
  const begun = fn(scope.signal, progress)
  progress.begin()
  return begun as T | PromiseLike<T>
}

const performed: Ending<unknown, never> = {
  onValue(value, scope) {
    const open = scope.owner as OpenCall
    open.progress.end()
    if (open.call.effect !== 'read') scope.markEffect()
    count(scope)
    open.close()
    return value as never
  },
  onError(error, scope) {
    const open = scope.owner as OpenCall
    const failure = failureOf(scope, open, error)
    // What is reported of a leftover is the package's own error: the native one may hold data.
    scope.failure = { error: failure }
    expectFailure(scope, failure)
    failSpan(open.span, failure)
    open.close()
    throw failure
  },
}

const CALL = ['boundary', 'operation', 'effect', 'translate', 'counts'] as const

/** Throws unless `call` is a complete {@link IoCall}: a wrong effect would be a wrong outcome. */
function expectCall(call: IoCall): void {
  expectRequiredOptions(call, CALL, 'io')
  expectText('boundary', call.boundary)
  expectText('operation', call.operation)
  expectEffect(call.effect)
  const { translate, counts } = call
  if (translate !== undefined && translate !== 'none') expectFunction('translate', translate)
  if (counts !== undefined) expectBoolean('counts', counts)
}

/** Throws unless `options` is a set of {@link IoOptions}. */
function expectIoOptions(options: IoOptions | undefined): IoOptions {
  if (options === undefined) return {}
  expectObject('options', options)
  expectSignal(options.signal)
  if (options.timeoutMs !== undefined) expectMilliseconds('timeoutMs', options.timeoutMs, -Infinity)
  return options
}

function failureOf(scope: Scope, { call, progress, timeoutMs }: OpenCall, error: unknown): unknown {
  const sent = progress.end()
  if (comesOfCancel(scope, error)) {
    if (sent === 'unknown') scope.markEffect()
    count(scope)
    return explain(scope, error, () =>
      scope.expired ? timedOut(scope, timeoutMs) : scope.ownReason,
    )
  }
  // What the calls within did is known as well, unless the body says that all was taken back.
  const outcome = progress.outcome === 'none' || scope.outcome === 'none' ? sent : 'unknown'
  const failure = translated(call, outcome, error)
  // An error that says nothing of its outcome leaves it at what is known by default.
  if ((outcomeOf(failure) ?? outcome) === 'unknown') scope.markEffect()
  else if (progress.outcome === 'none' || failure !== error) return failure
  count(scope)
  if (scope.outcome === 'unknown') raiseOutcome(failure)
  return failure
}

/** What a call did counts for the scopes around it. */
function count(scope: Scope): void {
  if (scope.counts && scope.outcome === 'unknown') scope.parent?.markEffect()
}

/** Notes on the scope of a call whether something of it may have its effect at any moment. */
class Progress implements IoProgress {
  readonly #scope: Scope
  readonly #effect: Effect
  outcome: Outcome | undefined
  #begun = false
  #sent: boolean

  constructor(scope: Scope, effect: Effect) {
    this.#scope = scope
    this.#effect = effect
    this.#sent = !scope.cancelled
  }

  get sent(): boolean {
    return this.#sent
  }

  set sent(sent: boolean) {
    this.#sent = sent
    if (this.#begun) this.begin()
  }

  /** From here on what is sent may be on its way; until then the body had its say. */
  begin(): void {
    this.#begun = true
    this.#scope.inFlight = this.#sent && this.#effect !== 'read'
  }

  /** The outcome of a failure of which nothing else is known. */
  end(): Outcome {
    this.#scope.inFlight = false
    return this.#sent && this.#effect !== 'read' ? 'unknown' : 'none'
  }
}

/** Whether it is a `TypeError` of a caller's making; the platform's own (of `fetch`, say) have a cause. */
function isMistake(error: unknown): boolean {
  return isOf(error, TypeError) && fieldOf(error, 'cause') === undefined
}

function translated(call: IoCall, outcome: Outcome, error: unknown): unknown {
  if (IoError.isInstance(error) || TimeoutError.isInstance(error)) return error
  if (Cancelled.isInstance(error) || isMistake(error)) return error
  if (call.translate === 'none') return error
  if (call.translate !== undefined) return translatedBy(call.translate, outcome, error)
  const told = messageOf(error) ?? describeValue(error)
  return new IoError(`${call.boundary}.${call.operation} failed: ${told}`, {
    boundary: call.boundary,
    operation: call.operation,
    code: 'unexpected',
    retryable: false,
    outcome,
    cause: error,
  })
}

/** A translation that fails says nothing of the outcome, and does not hide what it was to translate. */
function translatedBy(
  translate: (error: unknown, outcome: Outcome) => Error,
  outcome: Outcome,
  error: unknown,
): unknown {
  try {
    return translate(error, outcome)
  } catch (mistake) {
    return new SuppressedError(mistake, error)
  }
}
