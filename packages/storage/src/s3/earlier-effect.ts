import { fieldOf } from '@yuzuru/concurrency/boundary'
import type { HttpResponse } from '@yuzuru/http'

/**
 * Answers and failures that came after another attempt of the same request that may have had its effect.
 */
const noted = new WeakSet<object>()

/** Notes on `failure`, or on what becomes the `$response` of one, that an earlier attempt may have had its effect. */
export function noteEarlierEffect(failure: unknown): void {
  if (typeof failure === 'object' && failure !== null) noted.add(failure)
}

/** Notes the same on an object made from an answer, if the transport says so of the answer. */
export function noteEarlierEffectOf({ earlierOutcome }: HttpResponse, made: object): void {
  if (earlierOutcome === 'unknown') noted.add(made)
}

/**
 * Whether an attempt before the one that `failure` is about may have had its effect: a PUT whose answer was lost,
 * and whose repeat was refused, may have stored the object. The AWS SDK keeps the answer in the hidden field
 * `$response`; a client that was passed in repeats by itself, and says how often in `$metadata.attempts`.
 */
export function hadEarlierEffect(failure: unknown): boolean {
  const response = fieldOf(failure, '$response')
  const attempts = fieldOf(fieldOf(failure, '$metadata'), 'attempts')
  return [failure, response].some(isNoted) || (typeof attempts === 'number' && attempts > 1)
}

function isNoted(value: unknown): boolean {
  return typeof value === 'object' && value !== null && noted.has(value)
}
