import { AsyncResource } from 'node:async_hooks'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** The context in which this was loaded: no request's. */
const outside = new AsyncResource('YuzuruConnection')

/**
 * Has Node start the timers of a connection in no request's context. It starts that of an idle connection as its
 * last answer ends, and with it the connection would keep the context of that answer, and so the scope of a
 * request that has long ended.
 */
export function keepTimersOutside(socket: Duplex): void {
  // A connection in memory has no timers.
  if (socket instanceof Socket) socket.setTimeout = setTimeoutOutside
}

function setTimeoutOutside(this: Socket, ...args: Parameters<Socket['setTimeout']>): Socket {
  // oxlint-disable-next-line typescript/unbound-method -- called with its socket
  return outside.runInAsyncScope(Socket.prototype.setTimeout, this, ...args)
}
