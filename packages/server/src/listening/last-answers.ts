import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { endInsteadOfClose } from './linger.ts'

/**
 * Ends connections without losing a request that was sent behind another one (HTTP pipelining). Only the
 * last answer of a connection may say `Connection: close`: Node drops what comes after such an answer, and
 * what was begun for it would have happened without a word.
 */
export class LastAnswers {
  /** The newest answer of each connection. */
  readonly #newest = new WeakMap<Socket, ServerResponse>()
  /** Those whose connection ends with them. */
  readonly #last = new WeakSet<ServerResponse>()
  #isEnding = false

  /**
   * Notes a request's answer.
   *
   * @returns `false` if the request must not be begun: an earlier answer says already that the connection
   *   closes (RFC 9112, 9.6)
   */
  add(response: ServerResponse): boolean {
    // A pipelined answer has no socket of its own yet.
    const { socket } = response.req
    const before = this.#newest.get(socket)
    if (before !== undefined && this.#last.has(before)) return false
    if (before !== undefined && !before.shouldKeepAlive) {
      if (before.headersSent) return false
      before.shouldKeepAlive = true
    }
    this.#newest.set(socket, response)
    response.on('close', () => this.#forget(response))
    if (this.#isEnding) response.shouldKeepAlive = false
    return true
  }

  /** An idle connection would keep it, with its request, as long as it lasts. */
  #forget(response: ServerResponse): void {
    const isIdle = response.shouldKeepAlive && response.req.complete
    if (!isIdle || this.#last.has(response)) return
    const { socket } = response.req
    if (this.#newest.get(socket) === response) this.#newest.delete(socket)
  }

  /** The answer that came, or will come, last on a connection. */
  newest(socket: Socket): ServerResponse | undefined {
    return this.#newest.get(socket)
  }

  /** Closes the connection of an answer once it has left; nothing that comes behind it is begun. */
  endAfter(response: ServerResponse): void {
    if (this.#last.has(response)) return
    this.forbidMore(response)
    response.shouldKeepAlive = false
    const { socket } = response.req
    endInsteadOfClose(socket)
    response.once('close', () => socket.destroySoon())
  }

  /** Has nothing begun that comes behind this one. */
  forbidMore(response: ServerResponse): void {
    this.#last.add(response)
  }

  /** From now on, the last answer of each connection says that it closes; so do these, where they are. */
  end(underWay: Iterable<ServerResponse>): void {
    this.#isEnding = true
    for (const response of underWay) {
      if (response.headersSent) continue
      if (this.#newest.get(response.req.socket) === response) response.shouldKeepAlive = false
    }
  }
}
