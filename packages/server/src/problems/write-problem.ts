import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { Cancelled } from '@yuzuru/concurrency'
import { expected } from '@yuzuru/concurrency/boundary'
import { currentRequest } from '../request/current-request.ts'
import { type ProblemAnswer, problemOf } from './problem-of.ts'
import { problemText } from './problem-text.ts'

/**
 * Writes the answer for an error to a `ServerResponse`; see {@link problemOf}. If the head of an answer has
 * been sent already, the connection is cut, so that the client does not take half an answer for a whole one.
 *
 * @throws {TypeError} when `request` or `response` is none
 * @example
 * createServer((req, res) => { try { answer(req, res) } catch (error) { writeProblem(error, req, res) } })
 */
export function writeProblem(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  // Those of HTTP/2, and of what tests an app without a socket, are no instances of node:http's.
  if (typeof request?.headers !== 'object') {
    throw expected('request to be an IncomingMessage', request)
  }
  if (typeof response?.writeHead !== 'function') {
    throw expected('response to be a ServerResponse', response)
  }
  if (response.headersSent) {
    if (!Cancelled.isInstance(error)) currentRequest()?.fail(error)
    if (!response.writableEnded) response.destroy()
    return
  }
  writeAnswer(problemOf(error), request, response)
}

/** Headers of a body that are not sent with another one, beside `content-…`. */
const UNFINISHED: ReadonlySet<string> = new Set(['etag', 'transfer-encoding', 'trailer'])

/** Answers with a problem. */
export function writeAnswer(
  { problem, headers }: ProblemAnswer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { type, body } = problemText(problem, request.headers.accept)
  for (const name of response.getHeaderNames()) {
    // What the handler said of the answer that it did not finish.
    if (name.startsWith('content-') || UNFINISHED.has(name)) response.removeHeader(name)
  }
  // Also without its phrase, if it gave one.
  response.statusMessage = STATUS_CODES[problem.status] ?? 'Error'
  response.writeHead(problem.status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
