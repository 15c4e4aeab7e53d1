import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Answers that wait for an earlier one on their connection, by that. */
const queued = new WeakMap<Socket, Set<ServerResponse>>()

/**
 * Has an answer close with its connection while it waits there for an earlier one. Node does so, but not once it has
 * handed the connection over, or cut it, for a `CONNECT` or an upgrade: the request would be under way for ever.
 */
export function closeWithConnection(response: ServerResponse): void {
  const { socket } = response.req
  const waiting = queued.get(socket) ?? watch(socket)
  waiting.add(response)
  response.once('close', () => waiting.delete(response))
  response.once('socket', (own: Socket) => cutIfDestroyed(response, own))
}

/**
 * Cuts the connection when the turn comes of an answer that was cut while it waited. Node (26) sends what was written of
 * it, and then the next answer in its place, or nothing more at all.
 */
function cutIfDestroyed(response: ServerResponse, socket: Socket): void {
  if (response.destroyed) socket.destroy()
}

/** One listener for all: there may be many. */
function watch(socket: Socket): Set<ServerResponse> {
  const waiting = new Set<ServerResponse>()
  queued.set(socket, waiting)
  socket.once('close', () => {
    for (const response of waiting) response.destroy()
  })
  return waiting
}
