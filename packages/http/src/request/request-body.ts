import type { Readable } from 'node:stream'

/** What can be sent once: a stream or iterable is used up by it. */
export type BodyContent =
  | string
  | Uint8Array
  | ArrayBuffer
  | URLSearchParams
  | Blob
  | Readable
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>

/**
 * The body of a request. A string, bytes, `URLSearchParams`, a `Blob`, a `FormData` (sent as
 * `multipart/form-data`; its files are read while they are sent) and a function that makes a new body for
 * each attempt can be sent again. A stream cannot, so a request with one is never repeated, and one that
 * was used up is refused.
 */
export type RequestBody = BodyContent | FormData | (() => BodyContent | Promise<BodyContent>)

/** Whether the body can be sent a second time. */
export function isReplayable(body: RequestBody | undefined): boolean {
  if (body === undefined || typeof body === 'function') return true
  return isWhole(body) || body instanceof Blob || body instanceof FormData
}

/** Whether all of it is in memory. */
export function isWhole(
  body: BodyContent | FormData,
): body is string | Uint8Array | ArrayBuffer | URLSearchParams {
  return (
    typeof body === 'string' ||
    body instanceof Uint8Array ||
    body instanceof ArrayBuffer ||
    body instanceof URLSearchParams
  )
}

/** Whether it is something that can be sent at all. */
export function isBody(body: unknown): body is Exclude<RequestBody, FormData> {
  if (typeof body === 'string' || typeof body === 'function') return true
  if (typeof body !== 'object' || body === null) return false
  return isWhole(body as BodyContent) || body instanceof Blob || Symbol.asyncIterator in body
}
