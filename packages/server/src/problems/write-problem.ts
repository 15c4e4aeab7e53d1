import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { Cancelled } from '@yuzuru/concurrency'
import { currentRequest } from '../request/current-request.ts'
import { type ProblemAnswer, problemOf } from './problem-of.ts'
import { problemText } from './problem-text.ts'

/**
 * Answers with what an error becomes, for handlers that write to a `ServerResponse`; see {@link problemOf}.
 * If the head of an answer has left, the connection is cut, so that nobody takes half an answer for a whole
 * one.
 */
export function writeProblem(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (response.headersSent) {
    if (!Cancelled.isInstance(error)) currentRequest()?.fail(error)
    if (!response.writableEnded) response.destroy()
    return
  }
  writeAnswer(problemOf(error), request, response)
}

/** Answers with a problem. */
export function writeAnswer(
  { problem, headers }: ProblemAnswer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { type, body } = problemText(problem, request.headers.accept)
  for (const name of response.getHeaderNames()) {
    // What the handler said of the answer that it did not finish.
    if (name.startsWith('content-') || name === 'etag') response.removeHeader(name)
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
