import { Cancelled } from '../scopes/cancelled.ts'
import { describeValue } from '../arguments/describe-value.ts'
import type { IoCall } from './io-call.ts'
import { IoError } from './io-error.ts'
import { type Outcome, raiseOutcome } from '../scopes/outcome.ts'
import { fieldOf, isOf, messageOf, partsWithin } from '../scopes/read-error.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'

/** What a call throws for what its body threw, which is no cancel of its own. */
export function translated(call: IoCall, outcome: Outcome, error: unknown): unknown {
  // A deadline or a cancel further in knows nothing of what the body had sent before.
  if (outcome === 'unknown' && partsWithin(error).some(isOfScope)) raiseOutcome(error)
  const { boundary, operation, translate } = call
  if (translate === 'none' || IoError.isInstance(error)) return error
  if (isOfScope(error) || isMistake(error)) return error
  if (translate !== undefined) return translatedBy(call as Translating, outcome, error)
  const told = messageOf(error) ?? describeValue(error)
  return new IoError(`${boundary}.${operation} failed: ${told}`, {
    boundary,
    operation,
    code: 'unexpected',
    retryable: false,
    outcome,
    cause: error,
  })
}

/** Whether it is what a scope has thrown, which speaks of what was within that alone. */
function isOfScope(error: unknown): boolean {
  return TimeoutError.isInstance(error) || Cancelled.isInstance(error)
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
