import type { ServerResponse } from 'node:http'
import { expected } from '@yuzuru/concurrency/boundary'
import { currentRequest } from '../request/current-request.ts'

/*
 * Where an answer ends is what its head says of it. Node sends whatever head and body a handler gives: with a
 * wrong `content-length` the client of a kept-alive connection reads the next answer from the middle of this
 * one, and a proxy may hand that to another client (RFC 9112, 6.3 and 11.1).
 */

/** What `write`, `end` and `writeHead` are called with. */
type Arguments = readonly unknown[]

/** A length as it may be sent (RFC 9110, 8.6). */
const LENGTH = /^\d{1,15}$/

/** A body that says itself where it ends (RFC 9112, 6.3). */
const CHUNKED = /(?:^|,)[\t ]*chunked[\t ]*$/i

/** Whether a body in this `transfer-encoding` says itself where it ends. */
export function isChunked(coding: unknown): boolean {
  return CHUNKED.test(String(coding))
}

/**
 * Cuts the connection of an answer whose body is not as long as its head says, or whose head does not say where
 * it ends, or says it twice: before it looks whole, unless it was whole and something came behind it. Nothing
 * is thrown at the handler: it may write in a callback of a stream, where an error ends the process.
 *
 * To be called in the scope of the request, whose failure this is. Not for what `@hono/node-server` writes in
 * `serve`: that was looked at before (listening/sendable.ts), which costs less.
 */
export function keepFraming(response: ServerResponse): void {
  const request = currentRequest()
  // oxlint-disable-next-line typescript/unbound-method -- called with the response
  const { write, end, writeHead } = response
  /** How many bytes its head says that the body has; `undefined` if it does not say. */
  let length: number | undefined
  let bytes = 0
  const cut = (error: TypeError): void => {
    request?.fail(error)
    response.destroy()
  }
  const fits = (sent: Arguments, isLast: boolean): boolean => {
    // Most heads that say it are followed by all of the body.
    if (length === undefined) return true
    bytes += bytesIn(sent)
    if (isLast ? bytes === length : bytes <= length) return true
    cut(expected(`the body of an answer to have its content-length of ${length} bytes`, bytes))
    return false
  }
  response.writeHead = (...head: Arguments) => {
    const framing = framingOf(response, head)
    Reflect.apply(writeHead, response, head)
    if (typeof framing === 'object') cut(framing)
    else if (hasBody(response)) length = framing
    return response
  }
  response.write = (...sent: Arguments) => {
    // As Node does it itself; then it is known what the head says.
    if (!response.headersSent) response.writeHead(response.statusCode)
    return fits(sent, false) && (Reflect.apply(write, response, sent) as boolean)
  }
  response.end = (...sent: Arguments) => {
    if (!response.headersSent && response.hasHeader('content-length')) {
      response.writeHead(response.statusCode)
    }
    if (response.writableEnded || fits(sent, true)) Reflect.apply(end, response, sent)
    return response
  }
}

function hasBody({ req, statusCode }: ServerResponse): boolean {
  return req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304
}

function bytesIn([chunk, encoding]: Arguments): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8')
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

/** How many bytes a head says that its body has, if it says so, or what is wrong with it. */
function framingOf(response: ServerResponse, head: Arguments): number | TypeError | undefined {
  const given = head.findLast((part) => typeof part === 'object' && part !== null)
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

/** The values of a header that is about to be sent: given to `writeHead`, or else set before. */
function valuesOf(response: ServerResponse, name: string, given: unknown): readonly string[] {
  const values: unknown[] = []
  if (Array.isArray(given)) {
    for (let at = 0; at < given.length; at += 2) {
      if (isNamed(given[at], name)) values.push(given[at + 1])
    }
  } else {
    for (const key in given as Record<string, unknown>) {
      if (isNamed(key, name)) values.push((given as Record<string, unknown>)[key])
    }
  }
  if (values.length === 0) values.push(response.getHeader(name))
  return values
    .flat()
    .filter((value) => value !== undefined)
    .map(String)
}

function isNamed(given: unknown, name: string): boolean {
  return typeof given === 'string' && given.length === name.length && given.toLowerCase() === name
}
