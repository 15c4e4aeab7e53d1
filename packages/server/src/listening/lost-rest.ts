import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { hasBody } from './incoming-body.ts'

/*
 * Node's parser stops at the end of a request that asks for an upgrade, as another protocol may follow. If none does, it
 * goes on with the next bytes that come from the system, and what it had read already is lost: a request that was sent
 * behind it has no answer, or begins in the middle, where the client, or a proxy, had sent a body.
 */

/** What Node has of a connection beside what is documented. */
interface Parsed extends Socket {
  readonly parser?: { getCurrentBuffer?(): unknown } | null
}

const END_OF_HEAD = '\r\n\r\n'

/**
 * Calls `onLost` if something that came behind a request which asks for an upgrade, and gets none, is lost, or may be. To
 * be called as the request comes.
 */
export function watchRest(request: IncomingMessage, onLost: () => void): void {
  if (hasBody(request)) watchBehindBody(request, onLost)
  else if (readLength(request) !== headLength(request)) onLost()
}

function watchBehindBody(request: IncomingMessage, onLost: () => void): void {
  const isCounted = request.headers['content-length'] !== undefined
  const push = request.push.bind(request)
  // What is being read at the moment has the head, and what of the body came with it.
  let before: number | undefined = headLength(request)
  process.nextTick(() => (before = 0))
  let length: number | undefined = before
  request.push = (chunk: Buffer | null) => {
    if (chunk !== null) length = before === undefined ? undefined : before + chunk.length
    // How chunks are framed is not known here.
    else if (!isCounted || readLength(request) !== length) onLost()
    return push(chunk)
  }
}

/** How many bytes the parser is at, this request and what lies about it. */
function readLength(request: IncomingMessage): number | undefined {
  return bufferOf(request)?.length
}

/** How many of them are up to the end of the first head. */
function headLength(request: IncomingMessage): number | undefined {
  const end = bufferOf(request)?.indexOf(END_OF_HEAD) ?? -1
  return end === -1 ? undefined : end + END_OF_HEAD.length
}

function bufferOf({ socket }: IncomingMessage): Buffer | undefined {
  const buffer = (socket as Parsed).parser?.getCurrentBuffer?.()
  return Buffer.isBuffer(buffer) ? buffer : undefined
}
