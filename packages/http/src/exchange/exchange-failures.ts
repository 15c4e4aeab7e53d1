import { type CallContext, failure, outcomeOnceSent } from '../errors/call-context.ts'
import type { Phase } from './phase-timer.ts'

/** Whether an answer of this kind never has a body (RFC 9112, 6.3). */
export function hasNoBody({ method }: CallContext, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

/** The error for a phase that took too long. */
export function tooLate(context: CallContext, phase: Phase, limitMs: number): Error {
  const limit = Math.round(limitMs)
  const reason = {
    headers_timeout: `was sent, and no answer began within ${limit} ms`,
    stalled: `moved no byte for ${limit} ms`,
    body_abandoned: `answered, and nobody read its body for ${limit} ms`,
  }[phase]
  const outcome = outcomeOnceSent(context)
  return failure(context, phase, reason, { outcome, retryable: phase !== 'body_abandoned' })
}

/** The error for a body that is longer than it may be. */
export function tooLarge(context: CallContext, maxBytes: number): Error {
  const reason = `answered with more than the ${maxBytes} bytes that "maxBytes" allows`
  const outcome = outcomeOnceSent(context)
  return failure(context, 'too_large', reason, { outcome, retryable: false })
}

/** The error for a body in a transfer coding that we cannot read: not even its end is known. */
export function codedTransfer(context: CallContext): Error {
  const reason = 'answered with a Transfer-Encoding other than chunked'
  const outcome = outcomeOnceSent(context)
  return failure(context, 'invalid_response', reason, { outcome, retryable: false })
}

/** The error for a body that cannot be decompressed. */
export function undecodable(context: CallContext, cause: Error): Error {
  const reason = 'answered with a body that is not what its Content-Encoding says'
  const outcome = outcomeOnceSent(context)
  return failure(context, 'invalid_response', reason, { outcome, retryable: true, cause })
}

/** The error for a request that the client's end cut off. */
export function cutOff(context: CallContext, sent: boolean): Error {
  const outcome = sent ? outcomeOnceSent(context) : 'none'
  const reason = 'was cut off: the client was closed'
  return failure(context, 'closed', reason, { outcome, retryable: false })
}
