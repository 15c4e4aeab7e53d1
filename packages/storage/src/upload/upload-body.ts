import { Readable } from 'node:stream'
import { expected } from '@yuzuru/concurrency/boundary'
import { FileBody } from './file-body.ts'
import { expectUnread, openOnce } from './one-shot.ts'
import type { OpenBody } from './open-body.ts'

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

/**
 * Decides how to read a body, without beginning to.
 *
 * @throws {TypeError} unless it is a body, and not used up
 */
export function bodyOf(body: UploadBody): OpenBody {
  if (typeof body === 'string') return { whole: Buffer.from(body) }
  if (body instanceof Uint8Array) return { whole: body }
  if (body instanceof ArrayBuffer) return { whole: new Uint8Array(body) }
  if (body instanceof Blob) {
    return { length: body.size, open: () => pullFrom(body.stream()), discard: () => undefined }
  }
  if (typeof body === 'object' && body !== null) {
    if (Symbol.asyncIterator in body) return sourceOf(body)
    if ('path' in body && typeof body.path === 'string' && body.path !== '') {
      return new FileBody(body.path)
    }
  }
  throw expected(
    'body to be a string, bytes, a Blob, { path }, a stream or an async iterable',
    body,
  )
}

function sourceOf(source: AsyncIterable<Uint8Array | string>): OpenBody {
  expectUnread(source)
  if (source instanceof ReadableStream) {
    const discard = (reason: unknown): void => void source.cancel(reason).catch(() => undefined)
    return { length: undefined, open: () => pullFrom(source), discard }
  }
  const discard = (reason: unknown): void => {
    if (!(source instanceof Readable)) return
    source.on('error', () => undefined)
    source.destroy(reason instanceof Error ? reason : undefined)
  }
  return { length: undefined, open: () => openOnce(source), discard }
}

/**
 * Reads a Web stream so that it can be ended while a read is pending, which its own iterator does not
 * allow.
 */
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
