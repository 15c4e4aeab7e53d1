import { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/**
 * The sockets of one pool, from when they begin to be opened until they are closed. undici knows only those that are ready: one
 * that is half made (TLS, or a tunnel through a proxy) outlived the client, until its time to connect was over.
 */
export class Sockets {
  readonly #open = new Set<Socket>()

  /** Makes of a connector one whose sockets are known here. */
  of(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      // undici's types leave out that a connector of its own returns its socket; that of a tunnel returns a promise.
      const socket: unknown = connect(options, callback)
      if (socket instanceof Socket) this.#watch(socket)
      return socket
    }
  }

  #watch(socket: Socket): void {
    this.#open.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#open.delete(socket))
  }

  /** Closes those that are still open. */
  close(): void {
    const reason = Object.assign(new Error('the client is closed'), { code: 'UND_ERR_CLOSED' })
    for (const socket of this.#open) socket.destroy(reason)
  }
}
