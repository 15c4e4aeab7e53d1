import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { currentClock, detached, moveOnAfter, shield, sleep } from '@yuzuru/concurrency'
import { type CloseOptions, expectMilliseconds, expectOptions } from '@yuzuru/concurrency/boundary'
import { Event } from '@yuzuru/concurrency/sync'
import { Probes } from '../health/probes.ts'
import { failWith, type RequestLife } from '../scopes/request-life.ts'
import { RequestScopes } from '../scopes/request-scopes.ts'
import { ServerError } from '../server-error.ts'
import { StatusPage } from '../status/status-page.ts'
import type { NodeListener } from './app.ts'
import { refuseClient } from './client-errors.ts'
import { type Asks, cancelBody, hasBody, receiveBody } from './incoming-body.ts'
import { endAfterMost, LastAnswers } from './last-answers.ts'
import { watchRest } from './lost-rest.ts'
import { IdleConnections } from './idle-connections.ts'
import { ReceivedRequest } from './received-request.ts'
import type { ServeSettings } from './serve-options.ts'
import { expectsContinue, isAmbiguous, useOriginForm } from './strict-head.ts'

/*
 * The life of a server
 *
 * 1. It listens, in no scope: the scopes of requests have no parent.
 * 2. A request is a probe, and is answered at once, or gets a scope (scopes/request-scopes.ts).
 * 3. `close()` was called. `/readyz` says no, and for `drainDelayMs` all else goes on as before, so that a
 *    load balancer sends no more.
 * 4. It stops listening. Each answer from now on says `Connection: close`: a client that keeps its
 *    connection sends one more request and is served. No idle connection is cut while it may send one.
 * 5. Requests under way, and what comes after them, have `drainMs`. What is left is cancelled, down to the
 *    query that it waits for, and answered with 503 where it can be.
 * 6. What does not end within `graceMs` of that is reported and left behind. The connections that are left
 *    are closed: all of it takes no longer than `drainDelayMs`, `drainMs`, `graceMs` and a second.
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
   * Serves what is under way and ends; a second call waits for the first. Called by a request of this
   * server, or by work after it, it begins the end and returns at once: the end waits for that request.
   *
   * @throws {TypeError} when an option is unknown or out of its range
   */
  close(options?: CloseOptions): Promise<void>
}

/** How many connections are taken at the end: as many as the queue of a listener holds by default in Node. */
const MOST_WAITING = 511

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
  /** Connections that are no longer HTTP: Node's own server does not know them any more. */
  readonly #detached = new Set<Duplex>()
  #watchesUpgrades = false
  /** How many connections there have been. */
  #taken = 0
  #closed: Promise<void> | undefined

  constructor(listener: NodeListener, settings: ServeSettings) {
    this.#settings = settings
    this.#probes = new Probes(settings.probes)
    this.#scopes = new RequestScopes(settings.request, {
      closed: (response) => this.#answers.forget(response),
      cancelled: cancelBody,
    })
    this.#status = new StatusPage(settings.probes.status, () => this.#scopes.requests)
    this.client = createServer(
      {
        ...settings.http,
        IncomingMessage: ReceivedRequest,
        shouldUpgradeCallback: (request) => this.#isUpgrade(request),
      },
      (request, response) => {
        this.#serve(request, response, listener, 'sends')
      },
    )
    this.client.on('checkContinue', (request, response) => {
      if (expectsContinue(request)) this.#serve(request, response, listener, 'asks first')
      else this.client.emit('checkExpectation', request, response)
    })
    this.client.on('checkExpectation', (_request, response) => {
      if (this.#answers.add(response)) this.#refuse(response, 417)
    })
    this.client.on('connect', (_request, socket) => {
      this.#noLongerHttp(socket)
      refuseClient({ name: '', message: '', code: 'CONNECT' }, socket as Socket, this.#answers)
      socket.resume()
    })
    this.client.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      refuseClient(error, socket as Socket, this.#answers)
    })
    const idle = new IdleConnections(this.client)
    this.client.on('connection', (socket) => {
      this.#taken += 1
      idle.watch(socket)
    })
    this.client.on('newListener', (name) => {
      if (name === 'upgrade') this.#watchUpgrades()
    })
    this.client.once('close', () => this.#ended.set())
    this.client.maxConnections = settings.connections
    const { maxRequestsPerConnection: most } = settings
    if (most !== Infinity) endAfterMost(this.client, most)
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
    // A connection that could not be taken, for want of a file descriptor, say: without a listener the process would end.
    this.client.on('error', ({ message }) => process.emitWarning(message, 'AcceptWarning'))
  }

  async close(options: CloseOptions = {}): Promise<void> {
    expectOptions(options, ['drainMs'], 'server.close')
    const { drainMs = this.#settings.drainMs } = options
    expectMilliseconds('drainMs', drainMs)
    const { isAround } = this.#scopes
    const closed = (this.#closed ??= detached(() => this.#close(drainMs)))
    if (isAround) return
    await shield(() => closed, { name: 'server.close' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #serve(
    request: IncomingMessage,
    response: ServerResponse,
    listener: NodeListener,
    asks: Asks,
  ): void {
    if (!this.#answers.add(response)) return
    if (isAmbiguous(request)) {
      this.#refuse(response, 400)
      return
    }
    useOriginForm(request)
    if (this.#probes.answer(request, response) || this.#status.answer(request, response)) {
      response.on('close', () => this.#answers.forget(response))
      return
    }
    const refusal = hasBody(request) ? this.#receive(request, response, asks) : undefined
    if (request.headers.upgrade !== undefined) this.#endUnlessLast(request, response)
    this.#scopes.handle(
      request,
      response,
      refusal === undefined ? listener : failWith(refusal.error),
    )
  }

  /** What a client sent behind a request for an upgrade may be lost: no part of it is taken for a request then. */
  #endUnlessLast(request: IncomingMessage, response: ServerResponse): void {
    watchRest(request, () => {
      if (response.closed) request.socket.destroySoon()
      this.#answers.endAfter(response)
    })
  }

  /** Answers what must not be begun, nor anything behind it. */
  #refuse(response: ServerResponse, status: number): void {
    this.#answers.endAfter(response)
    response.writeHead(status, { 'content-length': 0 }).end()
  }

  /** Watches over the body of a request; what it is refused with, if it is. */
  #receive(
    request: IncomingMessage,
    response: ServerResponse,
    asks: Asks,
  ): { readonly error: unknown } | undefined {
    let refusal: { readonly error: unknown } | undefined
    let maxBytes = 0
    try {
      maxBytes = this.#settings.maxBodyBytes(request)
    } catch (error) {
      refusal = { error }
    }
    const error = receiveBody(request, response, maxBytes, asks)
    return refusal ?? (error && { error })
  }

  /**
   * Takes the connections that wait in the listener's queue: the system resets those that are left when it
   * closes. Node takes one in each turn of the event loop.
   */
  async #takeWaiting(): Promise<void> {
    for (let turn = 0; turn < MOST_WAITING; turn += 1) {
      const before = this.#taken
      await setImmediate()
      if (this.#taken === before) return
    }
  }

  /** Not before something listens: Node serves a request for an upgrade as any other one then. */
  #watchUpgrades(): void {
    if (this.#watchesUpgrades) return
    this.#watchesUpgrades = true
    this.client.prependListener('upgrade', (_request, socket) => {
      this.#noLongerHttp(socket)
      // What listened has gone.
      if (this.client.listenerCount('upgrade') === 1) socket.destroy()
    })
  }

  /**
   * Whether a request that asks for an upgrade is handed to what listens for that. With it goes the connection, and so
   * not while an answer to an earlier request is owed: it is served, or refused, as any other one then.
   */
  #isUpgrade(request: IncomingMessage): boolean {
    const isTaken = this.client.listenerCount('upgrade') > 0
    if (!isTaken || this.#answers.isOwed(request.socket) || isAmbiguous(request)) return false
    useOriginForm(request)
    return true
  }

  #noLongerHttp(socket: Duplex): void {
    // Node has taken its own off: without one, a client that resets its connection would end the process.
    socket.on('error', () => {})
    this.#detached.add(socket)
    socket.once('close', () => this.#detached.delete(socket))
  }

  async #close(drainMs: number): Promise<void> {
    this.#probes.leaving = true
    if (this.#settings.drainDelayMs > 0) await sleep(this.#settings.drainDelayMs)
    await this.#takeWaiting()
    // Node's own `close` cuts idle connections, at the moment in which a request may be on its way.
    NetServer.prototype.close.call(this.client)
    // Not before: a client that learns of it connects anew, and is not to wait in that queue.
    this.#answers.end(this.#scopes.requests.map(({ response }) => response))
    const clock = currentClock()
    const startedAt = clock.now()
    await moveOnAfter(Math.min(drainMs, this.#settings.lingerMs), () => this.#ended.wait())
    await this.#scopes.close({ drainMs: Math.max(0, drainMs - (clock.now() - startedAt)) })
    this.client.closeAllConnections()
    for (const socket of this.#detached) socket.destroy()
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
