import { problemOf } from './problem-of.ts'
import { problemText } from './problem-text.ts'

/**
 * Makes the `Response` for an error; see {@link problemOf}.
 *
 * @param accept the request's `Accept` header: HTML for browsers
 * @example
 * app.onError((error, c) => problem(error, c.req.header('accept')))
 */
export function problem(error: unknown, accept?: string | null): Response {
  const { problem, headers } = problemOf(error)
  const { type, body } = problemText(problem, accept ?? undefined)
  return new Response(body, {
    status: problem.status,
    headers: { 'content-type': type, 'cache-control': 'no-store', ...headers },
  })
}
