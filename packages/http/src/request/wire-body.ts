import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { expected } from '@yuzuru/concurrency/boundary'
import { throwIfCancelled } from '@yuzuru/concurrency'
import { type CallContext, failure } from '../errors/call-context.ts'
import { type BodyContent, isBody, isWhole, type RequestBody } from './request-body.ts'
import { markUsed } from './used-sources.ts'

/** How much of a long body is handed to the socket at once, so that its progress can be seen. */
const SLICE_BYTES = 256 * 1024

/** A request's body in the form in which undici takes it. */
export interface WireBody {
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array | string>
  /** Its length in bytes where it is known and undici cannot see it. */
  readonly length: number | undefined
  /** What its source threw, if it did. */
  readonly failure: { readonly error: unknown } | undefined
  /** Ends its source: the rest is not needed. */
  stop(reason: unknown): void
}

/** Has a new body made for one attempt. */
export async function makeBody(
  context: CallContext,
  factory: Extract<RequestBody, (...args: never) => unknown>,
): Promise<BodyContent> {
  let body: BodyContent
  try {
    body = await factory()
  } catch (cause) {
    throwIfCancelled()
    const reason = 'was not sent: its body could not be made'
    const init = { outcome: 'none', retryable: false, cause } as const
    throw failure(context, 'request_body_failed', reason, init)
  }
  if (typeof body !== 'function' && isBody(body)) return body
  throw expected('the function to make a body', body)
}

/** Makes of a body that is there what goes onto the wire. */
export function wireBody(body: BodyContent): WireBody {
  if (!isWhole(body)) return new SourceBody(body)
  const content = bytesOf(body)
  if (typeof content === 'string' || content.byteLength <= 2 * SLICE_BYTES)
    return new Whole(content)
  return new Whole(slices(content), content.byteLength)
}

function bytesOf(body: string | Uint8Array | ArrayBuffer | URLSearchParams): string | Uint8Array {
  if (body instanceof URLSearchParams) return body.toString()
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  if (typeof body !== 'string') return body
  // Only a string that may be long is worth measuring.
  return body.length > SLICE_BYTES ? Buffer.from(body) : body
}

class Whole implements WireBody {
  readonly content: WireBody['content']
  readonly length: number | undefined
  readonly failure: undefined = undefined

  constructor(content: WireBody['content'], length?: number) {
    this.content = content
    this.length = length
  }

  stop(): void {
    // It is all in memory: there is no source to end.
  }
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.byteLength; start += SLICE_BYTES) {
    yield bytes.subarray(start, start + SLICE_BYTES)
  }
}

type Source = Exclude<BodyContent, string | Uint8Array | ArrayBuffer | URLSearchParams>

/** A body that is pulled from a source while it is sent. */
class SourceBody implements WireBody, AsyncIterable<Uint8Array | string> {
  readonly length: number | undefined
  failure: { readonly error: unknown } | undefined = undefined
  readonly #source: Source
  #iterator: AsyncIterator<Uint8Array | string> | undefined = undefined
  #stopped = false
  // undici pulls where the connection became free: in another call's scope. The source belongs to
  // the caller's.
  readonly #inCallersContext: <R>(fn: () => R) => R = AsyncLocalStorage.snapshot()

  constructor(source: Source) {
    this.#source = source
    this.length = source instanceof Blob ? source.size : undefined
  }

  get content(): AsyncIterable<Uint8Array | string> {
    return this
  }

  stop(reason: unknown): void {
    if (this.#stopped) return
    this.#stopped = true
    if (isStream(this.#source)) markUsed(this.#source)
    if (this.#source instanceof Readable) {
      this.#source.on('error', () => undefined).destroy(asError(reason))
      return
    }
    const iterator = this.#iterator ?? this.#open()
    // A generator that is stuck in an await of its own ends when that does: nothing can wait for it.
    iterator.return?.().catch(() => undefined)
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array | string> {
    const iterator = (this.#iterator ??= this.#open())
    return {
      next: async () => {
        // Never "done": a body that was cut off must not look complete.
        if (this.#stopped) throw new Error('the request ended before its body')
        try {
          const result = await this.#inCallersContext(() => iterator.next())
          if (result.done === true) this.#stopped = true
          else expectChunk(result.value)
          return result
        } catch (error) {
          this.failure = { error }
          this.#stopped = true
          throw error
        }
      },
      return: async () => {
        this.stop(new Error('the request ended before its body'))
        return { done: true, value: undefined }
      },
    }
  }

  #open(): AsyncIterator<Uint8Array | string> {
    const source = this.#source instanceof Blob ? this.#source.stream() : this.#source
    const iterator = this.#inCallersContext(() => source[Symbol.asyncIterator]())
    // What iterates over itself, as a generator does, comes only once; other iterables begin anew.
    if (isStream(this.#source) || Object.is(iterator, this.#source)) markUsed(this.#source)
    return iterator
  }
}

function isStream(source: Source): boolean {
  return source instanceof Readable || source instanceof ReadableStream
}

function expectChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return
  throw new TypeError(`Expected the body to yield strings or bytes, got a ${typeof chunk}`)
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('the request ended', { cause: reason })
}
