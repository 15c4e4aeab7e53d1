import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Cancelled } from '@yuzuru/concurrency'
import { HttpProblem } from '../problems/http-problem.ts'
import { endReading } from '../scopes/end-of-reading.ts'
import { endInsteadOfClose, linger, lingerOf } from './linger.ts'
import { ReadAhead } from './read-ahead.ts'

/*
 * The life of a request's body
 *
 * 1. The head says that there will be one. One that is longer than its limit is refused at once.
 * 2. Its bytes are counted as they come, whichever code reads them; a reader that is slow holds the client back.
 *    A client that asks first (`Expect: 100-continue`) is sent `100 Continue` when the body is read. Some of it is
 *    read before that, as what a client sent hides that it has gone (read-ahead.ts).
 * 3. Beyond the limit the reader fails with a 413, and the rest is read and dropped. A request that is cancelled has its
 *    reader fail with that: a client that stalls holds up nothing for longer than its request may take.
 * 4. The answer may be ready before the body. Then the rest is read and dropped for a while (linger.ts).
 */

/** How much of an unwanted body is read to keep its connection, in bytes. */
const WORTH_KEEPING = 65_536

const bodies = new WeakMap<IncomingMessage, IncomingBody>()

/** Whether a request has a body; RFC 9112, 6.3. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** Whether a client waits for `100 Continue` before it sends its body. */
export type Asks = 'asks first' | 'sends'

/**
 * Watches over the body of a request.
 *
 * @param maxBytes how much of it may come
 * @returns the refusal, if its head says that it will be longer
 */
export function receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  asks: Asks,
): HttpProblem | undefined {
  const body = new IncomingBody(request, response, maxBytes, asks)
  bodies.set(request, body)
  return body.refuseLength()
}

/** Ends the read of a body that has not come as a whole; called when its request is cancelled. */
export function cancelBody(request: IncomingMessage, reason: Cancelled): void {
  bodies.get(request)?.cancel(reason)
}

/** What the read of a body failed with: it turned out to be too long, or its request was cancelled. */
export function bodyRefusal(request: IncomingMessage): HttpProblem | Cancelled | undefined {
  return bodies.get(request)?.refusal
}

class IncomingBody {
  /** Why it is no longer read, once it turned out to be too long, or was cancelled while it was read. */
  refusal: HttpProblem | Cancelled | undefined
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #maxBytes: number
  readonly #length: number
  readonly #ahead: ReadAhead
  #cancelled: Cancelled | undefined
  #received = 0
  #isRead = false
  /** Whether to send `100 Continue` to the client. */
  #isAwaited: boolean
  /** Whether what comes is dropped. */
  #isDropped = false

  constructor(request: IncomingMessage, response: ServerResponse, maxBytes: number, asks: Asks) {
    this.#request = request
    this.#response = response
    this.#maxBytes = maxBytes
    this.#ahead = new ReadAhead(response)
    this.#length = Number(request.headers['content-length'] ?? Infinity)
    this.#isAwaited = asks === 'asks first'
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse
    response.writeHead = (...args: unknown[]) => {
      if (this.#endsConnection(args[0] as number)) response.shouldKeepAlive = false
      return writeHead(...args)
    }
    response.once('prefinish', () => this.#answered())
    const push = request.push.bind(request)
    request.push = (chunk: Buffer | null) => this.#push(chunk, push)
    request._read = (size) => this.#read(size)
  }

  /** Refuses a body that says that it is too long. */
  refuseLength(): HttpProblem | undefined {
    const isKnown = this.#length !== Infinity
    if (!isKnown || this.#length <= this.#maxBytes) return undefined
    const refusal = tooLarge(this.#maxBytes)
    this.refusal = refusal
    return refusal
  }

  /** Its request was cancelled: who reads it, now or later, waits for no more of it. */
  cancel(reason: Cancelled): void {
    // Where its client has gone, Node tells the reader.
    if (this.#isDropped || this.#request.socket.destroyed) return
    this.#cancelled = reason
    if (this.#isRead) this.#failIfCancelled()
  }

  #failIfCancelled(): boolean {
    if (this.#cancelled === undefined || this.#request.complete) return false
    this.refusal ??= this.#cancelled
    this.#failReader(this.refusal)
    return true
  }

  #push(chunk: Buffer | null, push: IncomingMessage['push']): boolean {
    this.#received += chunk?.length ?? 0
    if (this.#isDropped) {
      this.#drop(chunk)
      return true
    }
    if (this.#received <= this.#maxBytes) {
      return push(chunk) || (chunk !== null && this.#ahead.take(chunk))
    }
    this.refusal ??= tooLarge(this.#maxBytes)
    // Otherwise it fails when it is read: an error without a listener would be lost.
    if (this.#isRead) this.#failReader(this.refusal)
    return this.#isRead
  }

  #read(size: number): void {
    this.#isRead = true
    this.#ahead.giveBack()
    if (this.refusal !== undefined) {
      this.#failReader(this.refusal)
      return
    }
    if (this.#failIfCancelled()) return
    if (this.#isAwaited && !this.#response.headersSent) this.#response.writeContinue()
    this.#isAwaited = false
    IncomingMessage.prototype._read.call(this.#request, size)
  }

  /** Whether the rest of the body is more than the connection is worth. */
  #endsConnection(status: number): boolean {
    const request = this.#request
    // It may or may not send the body now: what comes next on this connection would be a guess.
    if (this.#isAwaited) return true
    const isFar = this.#length - this.#received > WORTH_KEEPING
    // An answer of success may be written while its request is still being read.
    return status >= 300 && !request.complete && isFar
  }

  #answered(): void {
    if (this.#request.complete) return
    const { socket } = this.#request
    linger(socket)
    endInsteadOfClose(socket)
    if (!this.#isDropped) this.#failReader(undefined)
  }

  #drop(chunk: Buffer | null): void {
    const rest = lingerOf(this.#request.socket)
    if (chunk !== null) {
      rest?.check()
      return
    }
    rest?.end()
    const { shouldKeepAlive, writableFinished } = this.#response
    if (!shouldKeepAlive && writableFinished) this.#request.socket.destroySoon()
  }

  /** Ends the reading, but not the connection; what comes from now on is dropped. */
  #failReader(error: Error | undefined): void {
    this.#isDropped = true
    endReading(this.#request, error)
  }
}

function tooLarge(maxBytes: number): HttpProblem {
  const detail = `The body of this request may have ${maxBytes} bytes at the most`
  return new HttpProblem(413, 'Content Too Large', { code: 'too_large', detail })
}
