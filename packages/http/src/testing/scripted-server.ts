import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { contentOf, Script, type ScriptedAnswer, type ScriptedRequest } from './scripted-peer.ts'

/** A real HTTP server on 127.0.0.1 that does what its script says. */
export class ScriptedServer extends Script implements AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #connected = 0

  constructor(server: Server) {
    super()
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => {
      this.#serve(request, response).catch(() => request.socket.destroy())
    })
    server.on('connection', (socket) => {
      this.#connected += 1
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size
  }

  /** How many connections there have been. */
  get connected(): number {
    return this.#connected
  }

  /**
   * Waits until the connections that are open now are closed. A client that keeps idle connections for
   * its next request, as `createHttp` does, closes none before its own `close()` (or after a minute): to
   * learn whether it has given up a request, await `request.ended`.
   *
   * @example
   * const request = await server.received(1)
   * assert.equal(await request.ended, false) // it left before the answer was complete
   */
  async disconnected(): Promise<void> {
    await Promise.all(Array.from(this.#sockets, (socket) => once(socket, 'close')))
  }

  /** Cuts all connections and stops listening. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const ended = new Promise<boolean>((resolve) => {
      response.on('close', () => resolve(response.writableFinished))
    })
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk as Buffer)
    const reply = await this.take(requestOf(message, Buffer.concat(chunks), ended))
    if (reply === 'silence') return
    if (reply === 'reset') message.socket.resetAndDestroy()
    else if (reply === 'drop') message.socket.end()
    else await answer(reply, message, response)
  }
}

/**
 * Starts a {@link ScriptedServer}.
 *
 * @example
 * await using server = await startScriptedServer()
 * server.reply({ status: 503, headers: { 'retry-after': '0' } }, { json: { ok: true } })
 */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const server = createServer({ keepAliveTimeout: 60_000 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new ScriptedServer(server)
}

function requestOf(
  message: IncomingMessage,
  body: Buffer,
  ended: Promise<boolean>,
): ScriptedRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { method: message.method ?? '', path: message.url ?? '', headers, body, ended }
}

async function answer(
  reply: ScriptedAnswer,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await reply.after
  const { headers, body } = contentOf(reply)
  response.writeHead(reply.status ?? 200, headers)
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.end(body)
    return
  }
  response.flushHeaders()
  try {
    for await (const chunk of body) {
      if (!response.write(chunk))
        await Promise.race([once(response, 'drain'), once(response, 'close')])
      if (response.destroyed) return
    }
    response.end()
  } catch {
    message.socket.resetAndDestroy()
  }
}
