import { validateHeaderName, validateHeaderValue } from 'node:http'
import { expected } from '@yuzuru/concurrency/boundary'
import { isChunked } from '../scopes/sound-framing.ts'

/** What is sent of a response. */
export interface Sendable {
  readonly status: number
  /** Its body, where that is a stream; else that was looked at, and is as long as the head says. */
  readonly stream: ReadableStream<Uint8Array> | undefined
  /** How long the head says that the body is, in bytes; `undefined` where it does not say. */
  readonly length: number | undefined
}

type HeaderList = Iterable<readonly [string, unknown]>
type Named = Readonly<Record<string, unknown>>

/**
 * Looks at what a handler gave, before the adapter does: that would send the words of the failure to the
 * client, and print them. A body that is shorter or longer than its `content-length` would have the next
 * answer of the connection read from the middle of this one.
 *
 * @param hasBody whether the answer to this request has a body: not to `HEAD`
 * @throws {TypeError} on what cannot be sent
 */
export function sendableOf(response: Response, hasBody: boolean): Sendable {
  if (typeof response !== 'object' || response === null || !('headers' in response)) {
    throw expected('the handler to give a Response', response)
  }
  const made = madeOf(response)
  // By their places: to take a list apart makes an object for each of its parts.
  const status = made === undefined ? response.status : made[0]
  const body = made?.[1]
  const headers = made === undefined ? response.headers : made[2]
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw expected('the status of a response to be from 200 to 599', status)
  }
  const given = framingIn(headers)
  const length = hasBody && status !== 204 && status !== 304 ? given?.length : undefined
  // The adapter would name the length of a text as well: a length and chunks are read in two ways.
  if (made === undefined || given?.coding !== undefined) {
    const { body: stream } = response
    if (stream === null) expectLength(length, 0)
    return { status, stream: stream ?? undefined, length }
  }
  if (body instanceof ReadableStream) return { status, stream: body, length }
  if (length !== undefined) expectLength(length, bytesOf(body))
  return { status, stream: undefined, length }
}

/**
 * What the adapter's response was made of, as long as it is only that: its status, body and headers. To ask
 * one for its `body` makes a second response of it, which costs more than all else; it keeps what it was
 * made of under a symbol.
 */
function madeOf(response: Response): readonly [number, unknown, unknown] | undefined {
  if (!Object.hasOwn(response, cache)) {
    const symbols = Object.getOwnPropertySymbols(response)
    cache = symbols.find(({ description }) => description === 'cache') ?? cache
  }
  const made: unknown = Reflect.get(response, cache)
  return Array.isArray(made) ? (made as [number, unknown, unknown]) : undefined
}

/** The adapter's symbol, once one of its responses has come by. */
let cache = Symbol('cache')

/** What headers say of where their body ends. */
class NamedFraming {
  length: number | undefined = undefined
  coding: unknown = undefined

  /** Throws on a header that cannot be sent. */
  add(name: string, value: unknown): void {
    expectHeader(name, value)
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      // Two of the same are one to this program, and not to every proxy.
      this.length = this.length === undefined ? Number(value) : Number.NaN
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      this.coding = value
    }
  }
}

/** The last value of each header that could be sent. Most answers have the same ones, and to look at each takes longer. */
const sent = new Map<string, string>()

/** How many names are kept: a program that makes them up fills no memory. */
const MOST_NAMES = 64

/** The longest value that is kept, in characters. */
const LONGEST = 128

/** Throws on a header that cannot be sent. */
function expectHeader(name: string, value: unknown): void {
  if (typeof value === 'string' && sent.get(name) === value) return
  validateHeaderName(name)
  validateHeaderValue(name, value as string)
  if (typeof value !== 'string' || value.length > LONGEST) return
  if (sent.size < MOST_NAMES || sent.has(name)) sent.set(name, value)
}

/** Throws on headers that cannot be sent; gives what they say of where their body ends. */
function framingIn(headers: unknown): NamedFraming | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const named = new NamedFraming()
  if (Symbol.iterator in headers) {
    for (const [name, value] of headers as HeaderList) named.add(name, value)
  } else {
    // Nearly all: pairs of names and values would cost more than all else here.
    for (const name in headers) {
      if (Object.hasOwn(headers, name)) named.add(name, (headers as Named)[name])
    }
  }
  const { length, coding } = named
  // As an answer of `fetch` has it that is passed on.
  if (coding === undefined || (length === undefined && isChunked(coding))) return named
  throw expected('transfer-encoding of a response to be chunked, without a content-length', coding)
}

function bytesOf(body: unknown): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof Uint8Array) return body.byteLength
  return body instanceof Blob ? body.size : 0
}

/** Throws unless a body is as long as its head says, where it does. */
export function expectLength(length: number | undefined, bytes: number): void {
  if (length === undefined || length === bytes) return
  throw expected(`the body of a response to have its content-length of ${length} bytes`, bytes)
}
