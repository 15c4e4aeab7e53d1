import type { ServerResponse } from 'node:http'
import { Cancelled } from '@yuzuru/concurrency'
import { expected } from '@yuzuru/concurrency/boundary'
import type { CurrentRequest } from '../request/current-request.ts'
import { framingIsKnown } from '../scopes/sound-framing.ts'
import { expectLength, sendableOf } from './sendable.ts'

/**
 * An answer whose body, if it is a stream, cuts the connection when it fails. The adapter would send the
 * words of the failure instead, and end the body as if it were whole.
 *
 * @throws {TypeError} on what cannot be sent
 */
export function guarded(
  response: Response,
  outgoing: ServerResponse,
  current: CurrentRequest | undefined,
): Response {
  const { method, httpVersionMinor } = outgoing.req
  const { status, stream, length } = sendableOf(response, method !== 'HEAD')
  if (stream === undefined) {
    // An old client is not sent all of its head, nor is any where there is never a body.
    if (httpVersionMinor !== 0 && status !== 204) framingIsKnown(outgoing)
    return response
  }
  // Before the body is locked: the adapter's response may make another of itself for them.
  const { headers, statusText } = response
  if (method === 'HEAD') {
    // Nobody reads it, and what is behind the answer on its connection would wait for its end.
    void stream.cancel().catch(() => {})
    return new Response(null, { status, statusText, headers })
  }
  // A refusal that was made of the cancel: nobody takes its end for that of something else.
  const isOfCancel = status >= 400 && current?.cancelled === true
  const reader = stream.getReader()
  let bytes = 0
  let hasLeft = false
  const fail = (error: unknown): void => {
    if (!Cancelled.isInstance(error)) current?.fail(error)
    outgoing.destroy()
  }
  const guard = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (hasLeft) return
        if (!done) {
          bytes += lengthOf(value)
          if (length !== undefined && bytes > length) expectLength(length, bytes)
          controller.enqueue(value)
          return
        }
        expectLength(length, bytes)
        // A stream that swallowed its cancel ended early, and must not look whole.
        if (current?.cancelled === true && !isOfCancel) outgoing.destroy()
      } catch (error) {
        fail(error)
        if (hasLeft) return
        await reader.cancel(error).catch(() => {})
      }
      controller.close()
    },
    cancel: (reason) => {
      hasLeft = true
      return reader.cancel(reason)
    },
  })
  return new Response(guard, { status, statusText, headers })
}

/** The adapter takes texts as well; anything else would end the answer without a word. */
function lengthOf(chunk: unknown): number {
  if (chunk instanceof Uint8Array) return chunk.byteLength
  if (typeof chunk === 'string') return Buffer.byteLength(chunk)
  throw expected('the body of a response to give bytes', chunk)
}
