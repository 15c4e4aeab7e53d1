import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { keepOpen } from '../scopes/sound-framing.ts'
import { endInsteadOfClose } from './linger.ts'

/** What is known of a connection. */
interface Connection {
  /** Its newest answer. */
  newest: ServerResponse | undefined
  /** The answer that it ends with, once that is known. */
  last: ServerResponse | undefined
}

const CONNECTION = Symbol('connection')

/** On the socket itself: in a weak map, each request would cost the collector its share. */
interface Marked {
  [CONNECTION]?: Connection
}

function connectionOf(socket: Socket & Marked): Connection {
  return (socket[CONNECTION] ??= { newest: undefined, last: undefined })
}

/** What Node has of an answer beside what is documented: that its handler gave it `Connection: close`, say. */
interface Ending extends ServerResponse {
  readonly _last?: boolean
}

/** Whether the connection closes behind an answer whose head has been made. */
function saysItCloses({ shouldKeepAlive, _last }: Ending): boolean {
  return !shouldKeepAlive || _last === true
}

/** What makes Node end the connection with an answer whose head does not say how long the body is. */
const CHUNKED_BY_DEFAULT: PropertyDescriptorMap = {
  useChunkedEncodingByDefault: { get: () => true, set() {} },
  _removedTE: { get: () => false, set() {} },
}

/**
 * Has the body of an answer come in chunks if its head does not say how long it is, though its handler took them off: it
 * would end with the connection, and so would what is owed behind it. HTTP/1.0 knows no chunks.
 */
function keepChunks(response: ServerResponse): void {
  if (response.req.httpVersionMinor > 0) Object.defineProperties(response, CHUNKED_BY_DEFAULT)
}

/**
 * Ends connections without losing a request that was sent behind another one (HTTP pipelining). Only the
 * last answer of a connection may say `Connection: close`: Node drops what comes after such an answer, and
 * what was begun for it would have happened without a word.
 */
export class LastAnswers {
  #isEnding = false

  /**
   * Notes a request's answer.
   *
   * @returns `false` if the request must not be begun: an earlier answer says already that the connection
   *   closes (RFC 9112, 9.6)
   */
  add(response: ServerResponse): boolean {
    // A pipelined answer has no socket of its own yet.
    const connection = connectionOf(response.req.socket)
    if (connection.last !== undefined) return false
    const before = connection.newest
    if (before !== undefined) {
      if (before.headersSent) {
        if (saysItCloses(before)) return false
      } else {
        before.shouldKeepAlive = true
        keepOpen(before)
        keepChunks(before)
      }
    }
    connection.newest = response
    if (this.#isEnding) response.shouldKeepAlive = false
    return true
  }

  /**
   * To be called when an answer has left, or its client has: an idle connection would keep the answer, with the
   * request, as long as it lasts.
   */
  forget(response: ServerResponse): void {
    const connection = connectionOf(response.req.socket)
    const isIdle = response.shouldKeepAlive && response.req.complete
    if (isIdle && connection.last !== response && connection.newest === response) {
      connection.newest = undefined
    }
  }

  /** The answer that came, or will come, last on a connection. */
  newest(socket: Socket): ServerResponse | undefined {
    return connectionOf(socket).newest
  }

  /** Whether an answer is still to be sent on a connection. */
  isOwed(socket: Socket): boolean {
    const newest = this.newest(socket)
    return newest !== undefined && !newest.writableFinished && !newest.destroyed
  }

  /** Closes the connection of an answer once it has left; nothing that comes behind it is begun. */
  endAfter(response: ServerResponse): void {
    if (connectionOf(response.req.socket).last === response) return
    this.forbidMore(response)
    response.shouldKeepAlive = false
    const { socket } = response.req
    endInsteadOfClose(socket)
    response.once('close', () => socket.destroySoon())
  }

  /** Has nothing begun that comes behind this one. */
  forbidMore(response: ServerResponse): void {
    connectionOf(response.req.socket).last = response
  }

  /** From now on, the last answer of each connection says that it closes; so do these, where they are. */
  end(underWay: Iterable<ServerResponse>): void {
    this.#isEnding = true
    for (const response of underWay) {
      if (response.headersSent) continue
      if (connectionOf(response.req.socket).newest === response) response.shouldKeepAlive = false
    }
  }
}

/**
 * Has a server end each connection with the answer to its `most`th request. Node says `Connection: close` then, and waits
 * until it is idle for too long; what comes behind that it answers with 503.
 */
export function endAfterMost(server: Server, most: number): void {
  server.maxRequestsPerSocket = most
  const end = (_request: IncomingMessage, response: Counted): void => {
    if (response.maxRequestsOnConnectionReached === true) response.shouldKeepAlive = false
  }
  for (const event of ['request', 'checkContinue'] as const) server.prependListener(event, end)
}

/** What Node has of an answer beside what is documented. */
interface Counted extends ServerResponse {
  readonly maxRequestsOnConnectionReached?: boolean
}
