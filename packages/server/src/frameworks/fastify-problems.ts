import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpProblem } from '../problems/http-problem.ts'
import { problemOf } from '../problems/problem-of.ts'
import { problemText } from '../problems/problem-text.ts'
import { refusalOf } from './refusal.ts'

/**
 * Makes a problem of every error, fastify's own too: 422 with `fields` for an input that does not fit its
 * schema.
 *
 * @example
 * app.setErrorHandler(onError)
 */
export function onError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  send(refusalOf(error), request, reply)
}

/**
 * Answers a path that no route has: 404 as a problem.
 *
 * @example
 * app.setNotFoundHandler(notFound)
 */
export function notFound(request: FastifyRequest, reply: FastifyReply): void {
  send(new HttpProblem(404, STATUS_CODES[404] as string), request, reply)
}

function send(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { problem, headers } = problemOf(error)
  const { type, body } = problemText(problem, request.headers.accept)
  // What the handler said of the answer that it did not finish.
  for (const name of Object.keys(reply.getHeaders())) {
    if (name.startsWith('content-') || name === 'etag') reply.removeHeader(name)
  }
  void reply
    .code(problem.status)
    .headers({ 'content-type': type, 'cache-control': 'no-store', ...headers })
    // As bytes: no schema of the route is for it.
    .send(Buffer.from(body))
}
