import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Ends connections without losing a request that was sent behind another one (HTTP pipelining). Only the
 * last answer of a connection may say `Connection: close`: Node drops what comes after such an answer, and
 * what was begun for it would have happened without a word.
 */
export class LastAnswers {
  /** The newest answer of each connection. */
  readonly #newest = new WeakMap<Socket, ServerResponse>()
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
    const isOpen = before !== undefined && !before.writableFinished
    if (isOpen && !before.shouldKeepAlive) {
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
    const { socket } = response.req
    if (this.#newest.get(socket) === response) this.#newest.delete(socket)
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
