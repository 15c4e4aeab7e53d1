import { Cancelled } from '../scopes/cancelled.ts'
import { IoError } from './io-error.ts'
import { fieldOf, isOf } from '../scopes/read-error.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'

/**
 * What kind of failure it was, in one word of a small set, as OpenTelemetry's `error.type` wants it.
 * Never the message: that may hold what no trace should.
 */
export function errorKind(error: unknown): string {
  if (Cancelled.isInstance(error)) return 'cancelled'
  if (TimeoutError.isInstance(error)) return 'timeout'
  if (IoError.isInstance(error)) return error.code
  const name = isOf(error, Error) ? fieldOf(error, 'name') : undefined
  return typeof name === 'string' ? name : '_OTHER'
}
