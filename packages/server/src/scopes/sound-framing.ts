import type { ServerResponse } from 'node:http'
import { expected } from '@yuzuru/concurrency/boundary'
import { type CurrentRequest, currentRequest } from '../request/current-request.ts'
import { cutByReset } from './cut-by-reset.ts'
import { type Arguments, givenHeaders, valuesOf, without } from './head-arguments.ts'
import { keepInterim } from './interim-answers.ts'
import { refuseLateInterim } from './late-interim.ts'

/*
 * Where an answer ends is what its head says of it. Node sends whatever head and body a handler gives: with a
 * wrong `content-length` the client of a kept-alive connection reads the next answer from the middle of this
 * one, and a proxy may hand that to another client (RFC 9112, 6.3 and 11.1).
 */

/** A length as it may be sent (RFC 9110, 8.6). */
const LENGTH = /^\d{1,15}$/

/** A body that says itself where it ends (RFC 9112, 6.3). */
const CHUNKED = /(?:^|,)[\t ]*chunked[\t ]*$/i

const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i

/** Says where a body ends. Not for what has none (RFC 9110, 8.6; RFC 9112, 6.1). */
const OF_BODY = ['content-length', 'transfer-encoding', 'trailer']

/** Says what comes behind a body in chunks, and so nothing where there are no chunks. Node throws on it there. */
const OF_CHUNKS = ['transfer-encoding', 'trailer']

/** Whether a body in this `transfer-encoding` says itself where it ends. */
export function isChunked(coding: unknown): boolean {
  return CHUNKED.test(String(coding))
}

/**
 * Cuts the connection of an answer whose body is not as long as its head says, or whose head does not say where
 * it ends, or says it twice, or that is none (1xx: the client would take the next answer for this one): before it
 * looks whole, unless it was whole and something came behind it. Nothing is thrown at the handler: it may write in
 * a callback of a stream, where an error ends the process. What HTTP does not allow in a head is left out.
 *
 * To be called in the scope of the request, whose failure this is.
 */
export function keepFraming(response: ServerResponse & Framed): void {
  response[FRAMING] = new Framing(response)
  // The same three for all answers: closures for each would cost more than all else here.
  response.writeHead = writeHead
  response.write = write
  response.end = end
  keepInterim(response)
  refuseLateInterim(response)
}

/**
 * Has an answer keep its connection, whatever its head is about to say: one that is owed behind it would be lost.
 * May be called before {@link keepFraming}, or after it.
 */
export function keepOpen(response: ServerResponse & Framed): void {
  response[IS_OPEN] = true
}

/**
 * Ends that for an answer whose head and body were compared already, and which is written all at once: to look
 * twice costs.
 */
export function framingIsKnown(response: ServerResponse & Framed): void {
  const framing = response[FRAMING]
  if (framing === undefined || response[IS_OPEN] === true) return
  framing.isKnown = true
  response.writeHead = framing.writeHead as ServerResponse['writeHead']
  response.write = framing.write as ServerResponse['write']
  response.end = framing.end as ServerResponse['end']
}

const FRAMING: unique symbol = Symbol('framing')
const IS_OPEN: unique symbol = Symbol('open')

interface Framed {
  [FRAMING]?: Framing
  [IS_OPEN]?: boolean
}

type Method = (...args: Arguments) => unknown

/** What is known of the framing of an answer. */
class Framing {
  readonly request: CurrentRequest | undefined = currentRequest()
  readonly response: ServerResponse
  /** What they were before: Node's own, or those of what watches over the body of the request. */
  readonly writeHead: Method
  readonly write: Method
  readonly end: Method
  /** How many bytes its head says that the body has; `undefined` if it does not say. */
  length: number | undefined = undefined
  bytes = 0
  isKnown = false
  /** Whether all of the body comes with the head: Node says then how long it is, but not to HTTP/1.0. */
  isWhole = false

  constructor(response: ServerResponse) {
    this.response = response
    // Each is called with its answer.
    // oxlint-disable typescript/unbound-method
    this.writeHead = response.writeHead as Method
    this.write = response.write as Method
    this.end = response.end as Method
    // oxlint-enable typescript/unbound-method
  }

  /** Whether what is sent now is no more than its head says, and no less if it is the last of it. */
  fits(sent: Arguments, isLast: boolean): boolean {
    const { length } = this
    // Most heads that say it are followed by all of the body.
    if (length === undefined || this.isKnown) return true
    this.bytes += bytesIn(sent)
    const { bytes } = this
    if (isLast ? bytes === length : bytes <= length) return true
    this.cut(expected(`the body of an answer to have its content-length of ${length} bytes`, bytes))
    return false
  }

  cut(error: TypeError): void {
    this.request?.fail(error)
    this.response.destroy()
  }
}

function writeHead(this: ServerResponse & Framed, ...head: Arguments): ServerResponse {
  const framing = this[FRAMING] as Framing
  if (framing.isKnown) {
    Reflect.apply(framing.writeHead, this, head)
    return this
  }
  const isOld = this.req.httpVersionMinor === 0
  const found = framingOf(this, head)
  Reflect.apply(framing.writeHead, this, soundHead(this, head, isOld))
  if (typeof found === 'object') framing.cut(found)
  else if (this.statusCode < 200) {
    framing.cut(expected('the status of an answer to be from 200 up', this.statusCode))
  } else if (hasBody(this, this.statusCode)) {
    framing.length = found
    const isCounted = found !== undefined || (framing.isWhole && !isOld)
    if (!isCounted && !this.chunkedEncoding) cutByReset(this)
  }
  return this
}

function write(this: ServerResponse & Framed, ...sent: Arguments): boolean {
  const framing = this[FRAMING] as Framing
  // As Node does it itself; then it is known what the head says.
  if (!this.headersSent) this.writeHead(this.statusCode)
  return framing.fits(sent, false) && (Reflect.apply(framing.write, this, sent) as boolean)
}

function end(this: ServerResponse & Framed, ...sent: Arguments): ServerResponse {
  const framing = this[FRAMING] as Framing
  if (!framing.isKnown && !this.headersSent) {
    framing.isWhole = true
    if (this.hasHeader('content-length')) this.writeHead(this.statusCode)
  }
  if (this.writableEnded || framing.fits(sent, true)) Reflect.apply(framing.end, this, sent)
  return this
}

/** What `writeHead` is to be called with. HTTP/1.0 knows no chunks, and its body ends with the connection. */
function soundHead(response: ServerResponse & Framed, head: Arguments, isOld: boolean): Arguments {
  const status = Number(head[0])
  let sent = head
  if (status === 204) sent = without(response, sent, OF_BODY)
  else if (isOld) sent = without(response, sent, OF_CHUNKS)
  else if (!hasBody(response, status)) sent = without(response, sent, ['trailer'])
  return response[IS_OPEN] === true ? withoutClose(response, sent) : sent
}

function withoutClose(response: ServerResponse, head: Arguments): Arguments {
  const values = valuesOf(response, 'connection', givenHeaders(head))
  return values.some((value) => CLOSE.test(value)) ? without(response, head, ['connection']) : head
}

function hasBody({ req }: ServerResponse, status: number): boolean {
  return req.method !== 'HEAD' && status !== 204 && status !== 304
}

function bytesIn([chunk, encoding]: Arguments): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8')
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

/** How many bytes a head says that its body has, if it says so, or what is wrong with it. */
function framingOf(response: ServerResponse, head: Arguments): number | TypeError | undefined {
  if (Number(head[0]) === 204) return undefined
  const given = givenHeaders(head)
  const lengths = valuesOf(response, 'content-length', given)
  const codings = valuesOf(response, 'transfer-encoding', given)
  if (lengths.length + codings.length > 1) {
    return new TypeError('Expected the head of an answer to say once where its body ends, got more')
  }
  const [length] = lengths
  const [coding] = codings
  if (coding !== undefined && !isChunked(coding)) {
    return expected('transfer-encoding of an answer to end in "chunked"', coding)
  }
  if (length === undefined) return undefined
  return LENGTH.test(length) ? Number(length) : expected('content-length to be bytes', length)
}
