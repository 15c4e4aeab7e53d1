import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/**
 * Has an answer that only the end of its connection delimits, as all without a length are in HTTP/1.0, end by a reset if
 * it is cut: by what it fails with, its deadline or the end of the server. Its client, nginx by default, would take the
 * orderly end of a connection for the end of the body, and a part of it for the whole.
 */
export function cutByReset(response: ServerResponse): void {
  const { socket } = response.req
  // A connection in memory cannot be reset.
  if (!(socket instanceof Socket)) return
  socket.destroy = (error) => {
    Reflect.deleteProperty(socket, 'destroy')
    return response.writableFinished ? socket.destroy(error) : reset(socket)
  }
}

function reset(socket: Socket): Socket {
  try {
    return socket.resetAndDestroy()
  } catch {
    // It is no TCP connection.
    return socket.destroy()
  }
}
