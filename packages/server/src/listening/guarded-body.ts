import type { ServerResponse } from 'node:http'
import { Cancelled } from '@yuzuru/concurrency'
import type { CurrentRequest } from '../request/current-request.ts'

/**
 * An answer whose body, if it is a stream, cuts the connection when it fails. The adapter would send the
 * words of the failure instead, and end the body as if it were whole.
 */
export function guarded(
  response: Response,
  outgoing: ServerResponse,
  current: CurrentRequest | undefined,
): Response {
  const body = streamOf(response)
  if (body === undefined) return response
  // Before the body is locked: the adapter's response may make another of itself for them.
  const { status, headers } = response
  const reader = body.getReader()
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        if (!Cancelled.isInstance(error)) current?.fail(error)
        outgoing.destroy()
        controller.close()
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
  return new Response(stream, { status, headers })
}

/**
 * The body of a response that is a stream. To ask a response of the adapter's for its `body` makes a second
 * response of it, which costs more than all else; it keeps what it was made of under a symbol.
 */
function streamOf(response: Response): ReadableStream<Uint8Array> | undefined {
  for (const symbol of Object.getOwnPropertySymbols(response)) {
    if (symbol.description !== 'cache') continue
    const made: unknown = Reflect.get(response, symbol)
    if (!Array.isArray(made)) break
    return made[1] instanceof ReadableStream ? made[1] : undefined
  }
  return response.body ?? undefined
}
