import { once } from 'node:events'
import { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  type CloseOptions,
  expectOneOf,
  expectOptions,
  expectRequiredOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'
import { type App, listenerOf } from '../listening/app.ts'
import { ListeningServer } from '../listening/http-server.ts'
import { type ServeOptions, serveSettings } from '../listening/serve-options.ts'
import type { RequestLog } from '../request/request-log.ts'
import { connectionInMemory } from './connection-in-memory.ts'
import { type LeavingMoment, leaveAt, requestOf, responseOf, send } from './send-in-memory.ts'

/** Options of `serve`, but for those of a socket. Without a `log`, failures are printed by `console.error`. */
export type MemoryOptions = Omit<ServeOptions, 'hostname' | 'port' | 'reusePort'>

/** Options of {@link inject}. */
export interface InjectOptions {
  /** Where the server takes its client to be. @default '127.0.0.1' */
  readonly remoteAddress?: string | undefined
}

/** Options of {@link MemoryServer.leave}. */
export interface LeaveOptions extends InjectOptions {
  /** When the client leaves. */
  readonly after: LeavingMoment
}

/** A server that is reached without a socket. */
export interface MemoryServer extends AsyncDisposable {
  /** How many requests are under way; 0 for a server that was passed in. */
  readonly active: number
  /**
   * Sends one request over a connection of its own, through Node's own parser, and gives its answer as soon
   * as its head is there. Bodies stream both ways with back-pressure. To leave at a moment of your own, abort
   * the request's `signal`.
   *
   * @param request a path (`'/plans/1'`), an address or a `Request`
   * @throws what the request's signal was aborted with
   * @throws {Error} when the server cuts the connection without an answer
   */
  inject(request: string | URL | Request, options?: InjectOptions): Promise<Response>
  /**
   * Sends one request, and leaves at a moment that only a client sees. Returns once the server has nothing of
   * this request under way: its scope has ended, and the work after it.
   */
  leave(request: string | URL | Request, options: LeaveOptions): Promise<void>
  /** Opens a connection, for a client of your own: `{ createConnection: () => server.connect() }`. */
  connect(options?: InjectOptions): Duplex
  /** Waits for what is under way, as at SIGTERM; a server that was passed in is left open. */
  close(options?: CloseOptions): Promise<void>
}

const MOMENTS: readonly LeavingMoment[] = ['sent', 'head', 'firstByte']
const SOCKET_OPTIONS = ['hostname', 'port', 'reusePort']

/** Where a test has no log: the cause of a 500 stands in no answer. */
const failuresPrinted: RequestLog = {
  info({ err, status }, name) {
    if (err !== undefined) console.error('%s was answered with %d:', name, status, err)
  },
}

/**
 * Serves `app` as `serve` does, but over connections within the process: the same scopes, problems and
 * probes, through Node's own parsers, without a port. Time limits of the wire (`limits.*TimeoutMs`) do not
 * apply, as there is no slow network.
 *
 * Without a `log`, what a request failed with (5xx) is printed by `console.error`, with its stack: no answer has a
 * word of it.
 *
 * @param app what `serve` takes, or a server of Node's that has its own scopes: `createServer(…)`, fastify's
 *   `app.server`
 * @param options those of `serve`; none for a server that is passed in
 * @throws {TypeError} when `app` cannot be served, or an option is unknown or out of its range
 * @example
 * await using server = await serveInMemory(app, { maxRequestMs: 1_000 })
 * await server.leave('/reports/1', { after: 'firstByte' })
 * assert.equal(await runningQueries(), 0)
 */
export async function serveInMemory(
  app: App | Server,
  options: MemoryOptions = {},
): Promise<MemoryServer> {
  if (app instanceof Server) {
    expectOptions(options, [], 'serveInMemory of a server')
    return new ServerInMemory(app)
  }
  const given = serveSettings(options)
  const settings = {
    ...given,
    request: { ...given.request, log: given.request.log ?? failuresPrinted },
  }
  for (const name of SOCKET_OPTIONS) {
    if (Object.hasOwn(options, name)) {
      throw new TypeError(`Expected a known option of serveInMemory, got "${name}"`)
    }
  }
  const own = new ListeningServer(await listenerOf(app), settings)
  return new ServerInMemory(own.client, own)
}

/**
 * Sends one request to `app` without a socket, with the defaults of `serve`; see {@link serveInMemory}. What the
 * request failed with (5xx) is printed by `console.error`; give `serveInMemory` a `log` to get it instead.
 *
 * @throws {TypeError} when `app` cannot be served, or an option is unknown or out of its range
 * @example
 * const answer = await inject(app, '/plans/1')
 * assert.deepEqual(await answer.json(), { title: 'Plan 1' })
 */
export async function inject(
  app: App | Server,
  request: string | URL | Request,
  options: InjectOptions = {},
): Promise<Response> {
  const server = await serveInMemory(app)
  return await server.inject(request, options)
}

class ServerInMemory implements MemoryServer {
  readonly #server: Server
  readonly #own: ListeningServer | undefined
  readonly #connections = new Set<Duplex>()

  constructor(server: Server, own?: ListeningServer) {
    this.#server = server
    this.#own = own
  }

  get active(): number {
    return this.#own?.active ?? 0
  }

  async inject(request: string | URL | Request, options: InjectOptions = {}): Promise<Response> {
    const asked = requestOf(request)
    const { answer } = send(asked, this.connect(options))
    try {
      return responseOf(asked, await answer)
    } catch (error) {
      asked.signal.throwIfAborted()
      throw error
    }
  }

  async leave(request: string | URL | Request, options: LeaveOptions): Promise<void> {
    expectRequiredOptions(options, ['after', 'remoteAddress'], 'server.leave')
    const { after, ...rest } = options
    expectOneOf('after', after, MOMENTS)
    const { client, server } = this.#connect(rest)
    await leaveAt(send(requestOf(request), client), after, client)
    if (!server.closed) await once(server, 'close')
    // The end of its scope, and of the work after it, is no event of its connection.
    while (this.#own?.requests.some((life) => life.request.socket === server) === true) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  connect(options: InjectOptions = {}): Duplex {
    return this.#connect(options).client
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#own?.close(options)
    for (const connection of this.#connections) connection.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #connect(options: InjectOptions): { readonly client: Duplex; readonly server: Duplex } {
    expectOptions(options, ['remoteAddress'], 'inject')
    const { remoteAddress = '127.0.0.1' } = options
    expectText('remoteAddress', remoteAddress)
    const connection = connectionInMemory(remoteAddress)
    const { server } = connection
    this.#connections.add(server)
    server.once('close', () => this.#connections.delete(server))
    this.#server.emit('connection', server)
    return connection
  }
}
