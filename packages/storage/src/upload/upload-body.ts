import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { describeValue } from '@yuzuru/concurrency'
import { FileBody } from './file-body.ts'
import { expectUnread, openOnce } from './one-shot.ts'
import type { OpenBody, PulledBody } from './open-body.ts'

/**
 * What can be uploaded. A stream or iterable is read once, from the upload's start to its end, and is
 * ended (destroyed, returned) with it. A file is named by `{ path }`, as a string is text.
 */
export type UploadBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | { readonly path: string }
  | Readable
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>

/** Refuses what is no body. */
export function expectBody(body: unknown): asserts body is UploadBody {
  if (typeof body === 'string') return
  if (typeof body === 'object' && body !== null) {
    if (body instanceof Uint8Array || body instanceof ArrayBuffer || body instanceof Blob) return
    if (Symbol.asyncIterator in body) {
      expectUnread(body)
      return
    }
    if ('path' in body && typeof body.path === 'string' && body.path !== '') return
  }
  throw new TypeError(
    `Expected body to be a string, bytes, a Blob, { path }, a stream or an async iterable, got ${describeValue(body)}`,
  )
}

/** Opens a body without reading from it. Of a file it asks the size. */
export async function openBody(body: UploadBody): Promise<OpenBody> {
  if (typeof body === 'string') return inMemory(Buffer.from(body))
  if (body instanceof Uint8Array) return inMemory(body)
  if (body instanceof ArrayBuffer) return inMemory(new Uint8Array(body))
  if (body instanceof Blob) {
    return lazy(body.size, () => pullFrom(body.stream()))
  }
  if (Symbol.asyncIterator in body) {
    if (body instanceof ReadableStream) {
      const discard = (reason: unknown): void => void body.cancel(reason).catch(() => undefined)
      return { ...lazy(undefined, () => pullFrom(body)), discard }
    }
    const discard = (reason: unknown): void => discardSource(body, reason)
    const iterator = openOnce(body)
    return { ...lazy(undefined, () => iterator), discard }
  }
  const { path } = body
  const { size } = await stat(path)
  return new FileBody(path, size)
}

/** Ends a source that is not needed after all. */
export function discardBody(body: UploadBody): void {
  if (body instanceof Readable) discardSource(body, undefined)
  else if (body instanceof ReadableStream) body.cancel().catch(() => undefined)
}

function inMemory(whole: Uint8Array): PulledBody {
  return { ...lazy(whole.byteLength, () => only(whole)), whole }
}

function lazy(
  length: number | undefined,
  open: () => AsyncIterator<Uint8Array | string>,
): PulledBody {
  return { whole: undefined, length, open, discard: () => undefined }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}

function discardSource(source: AsyncIterable<unknown>, reason: unknown): void {
  if (!(source instanceof Readable)) return
  source.on('error', () => undefined)
  source.destroy(reason instanceof Error ? reason : undefined)
}

/** Reads a Web stream such that it can be ended while a read is pending; its own iterator can't. */
function pullFrom(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  const reader = stream.getReader()
  return {
    async next() {
      const { done, value } = await reader.read()
      return done ? { done, value: undefined } : { done, value }
    },
    async return() {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}
