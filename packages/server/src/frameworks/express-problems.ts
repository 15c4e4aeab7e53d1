import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { HttpProblem } from '../problems/http-problem.ts'
import { writeProblem } from '../problems/write-problem.ts'
import { refusalOf } from './refusal.ts'

/**
 * The last handler of an express app: makes a problem of every error, those of express and its body parsers
 * too.
 *
 * @example
 * app.use(notFound, onError)
 */
export function onError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  // Express knows a handler of errors by its four parameters.
  _next: (error?: unknown) => void,
): void {
  writeProblem(refusalOf(error), request, response)
}

/** Answers what no route of an express app, or of a listener of your own, has answered: 404 as a problem. */
export function notFound(request: IncomingMessage, response: ServerResponse): void {
  writeProblem(new HttpProblem(404, STATUS_CODES[404] as string), request, response)
}
