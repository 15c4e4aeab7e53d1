import { expected } from '@yuzuru/concurrency/boundary'
import { problemOf } from './problem-of.ts'
import { problemText } from './problem-text.ts'

/**
 * Makes the `Response` for an error; see {@link problemOf}.
 *
 * @param accept the request's `Accept` header: HTML for browsers
 * @throws {TypeError} when `accept` is no text
 * @example
 * app.onError((error, c) => problem(error, c.req.header('accept')))
 */
export function problem(error: unknown, accept?: string | null): Response {
  if (accept !== undefined && accept !== null && typeof accept !== 'string') {
    throw expected('accept to be the text of an Accept header', accept)
  }
  const { problem, headers } = problemOf(error)
  const { type, body } = problemText(problem, accept ?? undefined)
  return new Response(body, {
    status: problem.status,
    headers: { 'content-type': type, 'cache-control': 'no-store', ...headers },
  })
}
