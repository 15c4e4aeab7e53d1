import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { detached, moveOnAfter, shield, sleep } from '@yuzuru/concurrency'
import { type CloseOptions, expectMilliseconds, expectOptions } from '@yuzuru/concurrency/boundary'
import { Event } from '@yuzuru/concurrency/sync'
import { Probes } from '../health/probes.ts'
import type { RequestLife } from '../scopes/request-life.ts'
import { RequestScopes } from '../scopes/request-scope.ts'
import { ServerError } from '../server-error.ts'
import { StatusPage } from '../status/status-page.ts'
import type { NodeListener } from './app.ts'
import { LastAnswers } from './last-answers.ts'
import type { ServeSettings } from './serve-options.ts'

/*
 * The life of a server
 *
 * 1. It listens, in no scope: requests are nobody's children.
 * 2. A request is a probe, and is answered at once, or gets a scope (request/request-scope.ts).
 * 3. `close()` was called. `/readyz` says no, and for `drainDelayMs` all else goes on as before, so that a
 *    load balancer sends no more.
 * 4. It stops listening. Each answer from now on says `Connection: close`: a client that keeps its
 *    connection sends one more request and is served. No idle connection is cut while it may send one.
 * 5. Requests under way, and what comes after them, have `drainMs`. What is left is cancelled, down to the
 *    query that it waits for, and answered with 503 where it can be.
 * 6. The connections that are left are closed.
 */

/** A server that listens. */
export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:3000` */
  readonly url: string
  readonly port: number
  /** Node's own server. */
  readonly client: Server
  /** How many requests are under way. */
  readonly active: number
  /**
   * Serves what is under way and ends; a second call waits for the first.
   *
   * @throws {TypeError} on options that are none
   */
  close(options?: CloseOptions): Promise<void>
}

/** Starts to listen. */
export async function listen(listener: NodeListener, settings: ServeSettings): Promise<HttpServer> {
  const server = new ListeningServer(listener, settings)
  await server.start()
  return server
}

/** Serves what comes to it, once it was started or connections are handed to its `client`. */
export class ListeningServer implements HttpServer {
  readonly client: Server
  readonly #settings: ServeSettings
  readonly #probes: Probes
  readonly #scopes: RequestScopes
  readonly #status: StatusPage
  readonly #ended: Event = new Event({ name: 'end of the last connection' })
  readonly #answers: LastAnswers = new LastAnswers()
  #closed: Promise<void> | undefined

  constructor(listener: NodeListener, settings: ServeSettings) {
    this.#settings = settings
    this.#probes = new Probes(settings.probes)
    this.#scopes = new RequestScopes(settings.request)
    this.#status = new StatusPage(settings.probes.status, () => this.#scopes.requests)
    this.client = createServer(settings.http, (request, response) => {
      this.#serve(request, response, listener)
    })
    this.client.once('close', () => this.#ended.set())
    this.client.maxConnections = settings.connections
    const { maxRequestsPerConnection: most } = settings
    this.client.maxRequestsPerSocket = most === Infinity ? 0 : most
  }

  get port(): number {
    return (this.client.address() as AddressInfo | null)?.port ?? this.#settings.listen.port
  }

  get url(): string {
    const { host } = this.#settings.listen
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  get active(): number {
    return this.#scopes.active
  }

  get requests(): readonly RequestLife[] {
    return this.#scopes.requests
  }

  async start(): Promise<void> {
    detached(() => this.client.listen(this.#settings.listen))
    try {
      await once(this.client, 'listening')
    } catch (error) {
      throw unableToListen(this.#settings.listen.port, error)
    }
  }

  async close(options: CloseOptions = {}): Promise<void> {
    expectOptions(options, ['drainMs'], 'server.close')
    const { drainMs = this.#settings.drainMs } = options
    expectMilliseconds('drainMs', drainMs)
    const closed = (this.#closed ??= detached(() => this.#close(drainMs)))
    await shield(() => closed, { name: 'server.close' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #serve(request: IncomingMessage, response: ServerResponse, listener: NodeListener): void {
    if (!this.#answers.add(response)) return
    if (this.#probes.answer(request, response)) return
    if (this.#status.answer(request, response)) return
    this.#scopes.handle(request, response, () => listener(request, response))
  }

  async #close(drainMs: number): Promise<void> {
    this.#probes.leaving = true
    if (this.#settings.drainDelayMs > 0) await sleep(this.#settings.drainDelayMs)
    this.#answers.end(this.#scopes.requests.map(({ response }) => response))
    // Node's own `close` cuts idle connections, at the moment in which a request may be on its way.
    NetServer.prototype.close.call(this.client)
    const startedAt = performance.now()
    await moveOnAfter(Math.min(drainMs, this.#settings.lingerMs), () => this.#ended.wait())
    await this.#scopes.close({ drainMs: Math.max(0, drainMs - (performance.now() - startedAt)) })
    this.client.closeAllConnections()
    await this.#ended.wait()
  }
}

function unableToListen(port: number, cause: unknown): ServerError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  const isTaken = code === 'EADDRINUSE'
  const reason = isTaken
    ? `port ${port} is taken; end what listens there, or choose another one`
    : `port ${port} cannot be listened on (${code ?? 'unknown'})`
  return new ServerError(`The server did not start: ${reason}`, {
    operation: 'listen',
    code: isTaken ? 'address_in_use' : 'listen_failed',
    retryable: isTaken,
    outcome: 'none',
    cause,
  })
}
