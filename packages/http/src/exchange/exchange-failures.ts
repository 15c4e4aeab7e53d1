import { type CallContext, failure, outcomeOnceSent } from '../errors/call-context.ts'
import type { Phase } from './phase-timer.ts'

/** Whether an answer of this kind never has a body (RFC 9112, 6.3). */
export function hasNoBody({ method }: CallContext, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

/** The error for a phase that took too long. */
export function tooLate(context: CallContext, phase: Phase, limitMs: number): Error {
  const limit = Math.round(limitMs)
  const told = {
    headers_timeout: `was sent, and no answer began within ${limit} ms`,
    stalled: `moved no byte for ${limit} ms`,
    body_abandoned: `answered, and nobody read its body for ${limit} ms`,
  }[phase]
  const outcome = outcomeOnceSent(context)
  return failure(context, phase, told, { outcome, retryable: phase !== 'body_abandoned' })
}

/** The error for a body that is longer than it may be. */
export function tooLarge(context: CallContext, maxBytes: number): Error {
  const told = `answered with more than the ${maxBytes} bytes that "maxBytes" allows`
  const outcome = outcomeOnceSent(context)
  return failure(context, 'too_large', told, { outcome, retryable: false })
}

/** The error for a body that comes in a way in which nobody could read it, or tell its end. */
export function codedTransfer(context: CallContext): Error {
  const told = 'answered with a Transfer-Encoding other than chunked'
  const outcome = outcomeOnceSent(context)
  return failure(context, 'invalid_response', told, { outcome, retryable: false })
}

/** The error for a body that cannot be decompressed. */
export function undecodable(context: CallContext, cause: Error): Error {
  const told = 'answered with a body that is not what its Content-Encoding says'
  const outcome = outcomeOnceSent(context)
  return failure(context, 'invalid_response', told, { outcome, retryable: true, cause })
}

/** The error for a request that the client's end cut off. */
export function cutOff(context: CallContext, sent: boolean): Error {
  const outcome = sent ? outcomeOnceSent(context) : 'none'
  const told = 'was cut off: the client was closed'
  return failure(context, 'closed', told, { outcome, retryable: false })
}
