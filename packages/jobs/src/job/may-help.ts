import { IoError, outcomeOf } from '@yuzuru/concurrency'
import { fieldOf, isOf, messageOf, partsWithin } from '@yuzuru/concurrency/boundary'
import { JobError } from '../job-error.ts'

const OTHERS_END: ReadonlySet<string> = new Set(['job_failed', 'job_cancelled'])

/**
 * Whether another attempt may help, as far as the error says. One part that is final settles it.
 *
 * A part is final when it says that nothing has happened and that trying again will not help, and when it
 * is the `TypeError('Expected …, got …')` with which all packages reject bad input: the payload stays the
 * same. Other `TypeError`s (those of `fetch`, say) may be anything. A failure whose effect may have
 * happened is never final, whatever it says of `retryable`: a job is done at least once, and to stop
 * there would be to do it perhaps not at all. But that another job has failed or was cancelled stays so, whatever
 * that job did.
 */
export function mayHelp(error: unknown): boolean {
  return partsWithin(error, (part) => IoError.isInstance(part)).every((part) => !isFinal(part))
}

function isFinal(error: unknown): boolean {
  if (isOf(error, TypeError)) return messageOf(error)?.startsWith('Expected ') === true
  if (!IoError.isInstance(error)) return false
  if (JobError.isInstance(error) && OTHERS_END.has(error.code)) return true
  return fieldOf(error, 'retryable') !== true && outcomeOf(error) !== 'unknown'
}
