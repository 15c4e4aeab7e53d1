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
