import { expected, expectFunction, expectOptions } from '@yuzuru/concurrency/boundary'
import type { HttpAnswer } from '../errors/http-error.ts'

/**
 * Whether an answer that says no is worth a repeat: for servers that say the same status for what a wait
 * mends and for what it does not. `undefined`: as its status says.
 *
 * @example
 * const when: RetryWhen = ({ status, body }) => (status === 403 ? body.includes('rateLimit') : undefined)
 */
export type RetryWhen = (answer: HttpAnswer) => boolean | undefined

/** What one call says of its own repeats. */
export type CallRetry = false | { readonly when?: RetryWhen | undefined }

/** False: there are none. A function: when. `undefined`: as the client says. */
export function expectCallRetry(retry: CallRetry | undefined): RetryWhen | false | undefined {
  if (retry === undefined || retry === false) return retry
  expectOptions(retry, ['when'], 'http.request.retry')
  if (retry.when !== undefined) expectFunction('retry.when', retry.when)
  return retry.when
}

/** Asks `when`, and holds it to its type. */
export function askWhen(when: RetryWhen, answer: HttpAnswer): boolean | undefined {
  const decision: unknown = when(answer)
  if (decision === undefined || typeof decision === 'boolean') return decision
  throw expected('retry.when to return a boolean or undefined', decision)
}
