import { IoError, outcomeOf } from '@yuzuru/concurrency'
import { fieldOf, isOf, messageOf, partsWithin } from '@yuzuru/concurrency/boundary'

/**
 * Whether another attempt may help, as far as the error says. One part that is final settles it.
 *
 * A part is final when it says that nothing has happened and that trying again will not help, and when it
 * is the `TypeError('Expected …, got …')` with which all packages reject bad input: the payload stays the
 * same. Other `TypeError`s (those of `fetch`, say) may be anything. A failure whose effect may have
 * happened is never final, whatever it says of `retryable`: a job is done at least once, and to stop
 * there would be to do it perhaps not at all.
 */
export function mayHelp(error: unknown): boolean {
  return partsWithin(error, (part) => IoError.isInstance(part)).every((part) => !isFinal(part))
}

function isFinal(error: unknown): boolean {
  if (isOf(error, TypeError)) return messageOf(error)?.startsWith('Expected ') === true
  if (!IoError.isInstance(error)) return false
  return fieldOf(error, 'retryable') !== true && outcomeOf(error) !== 'unknown'
}
