import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** When a client leaves: it has sent its whole request, or has got the head or the first byte of the answer. */
export type LeavingMoment = 'sent' | 'head' | 'firstByte'

/** A request under way. */
export interface SentRequest {
  readonly sent: ClientRequest
  /** The head of the answer, with its body to come. */
  readonly answer: Promise<IncomingMessage>
}

/** The statuses whose answers have no body. */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304])

/** The request of a path, or the one that was given. */
export function requestOf(request: string | URL | Request): Request {
  if (typeof request === 'object' && 'headers' in request) return request
  // Two slashes at its start are a path as well, and no host.
  const isPath = typeof request === 'string' && /^[/\\]/.test(request)
  return new Request(isPath ? `http://localhost${request}` : new URL(request, 'http://localhost'))
}

/** Sends a request over a connection of its own, through Node's own client. */
export function send(request: Request, connection: Duplex): SentRequest {
  const sent = httpRequest(request.url, {
    method: request.method,
    headers: Object.fromEntries(request.headers),
    createConnection: () => connection,
    signal: request.signal,
  })
  const answer = once(sent, 'response').then(([response]: unknown[]) => response as IncomingMessage)
  if (request.body === null) sent.end()
  else {
    const body = Readable.fromWeb(request.body)
    // An answer may come before all of it is sent; without one, the request itself fails.
    pipeline(body, sent).catch(() => {})
  }
  return { sent, answer }
}

/** An answer as a `Response`, whose body is read only as fast as its reader reads. */
export function responseOf(request: Request, answer: IncomingMessage): Response {
  const { statusCode = 0, statusMessage: statusText = '' } = answer
  const headers = new Headers()
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    headers.append(answer.rawHeaders[at] as string, answer.rawHeaders[at + 1] as string)
  }
  const hasBody = request.method !== 'HEAD' && !NO_BODY.has(statusCode)
  if (!hasBody) answer.resume()
  const body = hasBody ? (Readable.toWeb(answer) as ReadableStream) : null
  return new Response(body, { status: statusCode, statusText, headers })
}

/** Waits for the moment, and leaves: nothing more is read or sent. */
export async function leaveAt(
  { sent, answer }: SentRequest,
  moment: LeavingMoment,
  connection: Duplex,
): Promise<void> {
  answer.catch(() => {})
  if (moment === 'sent') {
    if (!sent.writableFinished) await once(sent, 'finish')
  } else {
    const response = await answer
    response.on('error', () => {})
    if (moment === 'firstByte') await once(response, 'data')
  }
  sent.on('error', () => {}).destroy()
  connection.destroy()
}
