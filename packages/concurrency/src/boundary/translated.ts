import { Cancelled } from '../scopes/cancelled.ts'
import { describeValue } from '../arguments/describe-value.ts'
import type { IoCall } from './io-call.ts'
import { IoError } from './io-error.ts'
import type { Outcome } from '../scopes/outcome.ts'
import { fieldOf, isOf, messageOf } from '../scopes/read-error.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'

/** What a call throws for what its body threw, which is no cancel of its own. */
export function translated(call: IoCall, outcome: Outcome, error: unknown): unknown {
  if (IoError.isInstance(error) || TimeoutError.isInstance(error)) return error
  if (Cancelled.isInstance(error) || isMistake(error)) return error
  if (call.translate === 'none') return error
  if (call.translate !== undefined) return translatedBy(call as Translating, outcome, error)
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

interface Translating {
  translate(error: unknown, outcome: Outcome): Error
}

/** A translation that fails says nothing of the outcome, and does not hide what it was to translate. */
function translatedBy(call: Translating, outcome: Outcome, error: unknown): unknown {
  try {
    return call.translate(error, outcome)
  } catch (mistake) {
    return new SuppressedError(mistake, error)
  }
}

/** Whether it is a `TypeError` of a caller's making; the platform's own (of `fetch`, say) have a cause. */
function isMistake(error: unknown): boolean {
  return isOf(error, TypeError) && fieldOf(error, 'cause') === undefined
}
