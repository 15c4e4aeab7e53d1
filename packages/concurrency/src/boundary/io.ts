import { captureCallPlace } from '../scopes/call-place.ts'
import { expectEffect } from './expect-effect.ts'
import { expectBoolean, expectObject, expectMilliseconds } from '../arguments/expect-kind.ts'
import { expectRequiredOptions } from '../arguments/expect-options.ts'
import { expectFunction, expectText } from '../arguments/expected.ts'
import { expectSignal } from '../scopes/follow-signal.ts'
import type { IoCall, IoOptions, IoProgress } from './io-call.ts'
import { OpenCall } from './open-call.ts'
import { openScope } from '../scopes/run-in-scope.ts'
import { Scope } from '../scopes/scope.ts'

/**
 * Makes one call to the outside world obey the scope around it. It does not start in a cancelled scope,
 * gives `fn` a signal that joins the scope's with that of `options`, applies the deadline, publishes to the
 * diagnostics channels `tracing:yuzuru:io:*`, appears in the task tree, and turns a failure into an
 * `IoError`, `TimeoutError` or `Cancelled` with the `outcome` that is known.
 *
 * `fn` must end soon after `signal` fires: it is awaited, never raced. Where the native call takes no
 * signal, wrap it in `orAborted` of `@yuzuru/concurrency/boundary`. Not for work that only computes, and
 * not for several calls at once: each call that may fail alone gets its own `io`.
 *
 * @returns what `fn` returned
 * @throws {IoError} what `call.translate` made of the failure
 * @throws {TimeoutError} when `options.timeoutMs` passed and `fn` let the cancel pass
 * @throws {Cancelled} when the scope around it, or `options.signal`, was cancelled
 * @throws {TypeError} before `fn` is called, when `call` or `options` has the wrong shape
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
    const checked = expectIoOptions(options)
    const { timeoutMs = Infinity } = checked
    const { boundary, operation, counts = true } = call
    const init = { kind: 'io', name: `${boundary}.${operation}`, timeoutMs, counts } as const
    const scope = openScope(init)
    if (!(scope instanceof Scope)) return scope
    if (scope.parent !== undefined) {
      scope.origin = captureCallPlace(io, scope.startedAt, scope.strict)
    }
    return new OpenCall(scope, call, checked, fn).run() as Promise<T>
  } catch (error) {
    return Promise.reject(error)
  }
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
