import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Cancelled } from '@yuzuru/concurrency'

/**
 * Ends the reading of a body, but not its connection: Node would destroy that, and the answer with it. Its reader fails
 * with `error`, if there is one. What still comes is given to `push` of the request, and must be dropped there.
 */
export function endReading(request: IncomingMessage, error: Error | undefined): void {
  request._destroy = (cause, done) => {
    // As Node's own does: an error event without a listener would end the process.
    const isHeard = request.listenerCount('error') > 0
    // Body parsers of express read on behind an error, and answer when that ends.
    if (isHeard) request.resume = () => endOf(request)
    done(isHeard ? cause : null)
  }
  request.destroy(error)
  // Reads on, whether the reader had stopped it or had never begun.
  IncomingMessage.prototype._read.call(request, 0)
}

function endOf(request: IncomingMessage): IncomingMessage {
  process.nextTick(() => request.emit('end'))
  return request
}

/**
 * Ends the read of a body that has not come as a whole, on a server that something else makes: who reads it, now or
 * later, fails with `reason` and waits for no more of it. The rest is read and dropped, as Node does behind an answer, for
 * as long as the server's `requestTimeout` allows.
 */
export function cancelReading(
  request: IncomingMessage,
  reason: Cancelled,
  response: ServerResponse,
): void {
  // Where its client has gone, Node tells the reader.
  if (request.complete || request.destroyed || request.socket.destroyed) return
  const fail = (): void => {
    request.push = () => true
    endReading(request, reason)
  }
  if (request.readableFlowing !== null) {
    fail()
    return
  }
  request._read = (size) => {
    // All of it has come since, or it is Node that drops it behind the answer.
    if (request.complete || response.writableEnded) {
      IncomingMessage.prototype._read.call(request, size)
    } else fail()
  }
}
