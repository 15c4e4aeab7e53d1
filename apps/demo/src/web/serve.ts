import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { cancelScope, detached, moveOnAfter, shield, withTimeout } from '@yuzuru/concurrency'
import type { Origin } from './environment.ts'

/** How long a request may take. */
const REQUEST_MS = 30_000

/** How a web server is run. */
export interface ServeOptions {
  /** How long requests under way may go on at shutdown, in milliseconds. @default 10_000 */
  readonly drainMs?: number
}

type Answer = (request: Request, origin: Origin) => Response | Promise<Response>

/** Nothing can be served there: another program has the port, or this one may not have it. */
export class PortUnavailable extends Error {
  constructor(port: number, options: ErrorOptions) {
    super(`Port ${port} can't be used: end what listens there, or choose another one`, options)
    this.name = 'PortUnavailable'
  }
}

/** A web server that runs. */
export interface WebServer extends AsyncDisposable {
  readonly port: number
  /** Has requests answered from now on; until then they get 503. */
  answerWith(answer: Answer): void
  /** Answers what is under way, then ends. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Serves on the loopback interface. Each request is a scope of its own: it ends when its client goes
 * away, or when its time is over. At shutdown no connection is taken any more, those under way have
 * `drainMs` to be answered, and what is still unanswered is cancelled.
 *
 * @param port 0 for a free one
 * @throws {PortUnavailable}
 */
export async function serve(
  port: number,
  { drainMs = 10_000 }: ServeOptions = {},
): Promise<WebServer> {
  let fetch: Answer = () => new Response('Starting', { status: 503 })
  const shutdown = new AbortController()
  const listener = getRequestListener(async (request, env) => {
    const name = `${request.method} ${new URL(request.url).pathname}`
    const answer = (): Promise<Response> =>
      withTimeout(REQUEST_MS, () => fetch(request, env), { name })
    // A client that goes away takes its request with it.
    const forClient = (): Promise<Response> => cancelScope(answer, { name, signal: request.signal })
    return await cancelScope(forClient, { name: 'server', signal: shutdown.signal })
  })
  const answering = new Set<ServerResponse>()
  // A request runs in the context of the `listen` that took its connection. It must outlive the scope
  // that happened to start the server, to be drained at its end.
  const server = detached(() =>
    createServer((request, response) => {
      answering.add(response)
      response.once('close', () => answering.delete(response))
      void listener(request, response)
    }).listen(port, '127.0.0.1'),
  )
  await once(server, 'listening').catch((cause: unknown) => {
    throw new PortUnavailable(port, { cause })
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= shield(() => drain(server, answering, shutdown, drainMs)))
  return {
    port: (server.address() as AddressInfo).port,
    answerWith(answer) {
      fetch = answer
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function drain(
  server: Server,
  answering: Iterable<ServerResponse>,
  shutdown: AbortController,
  drainMs: number,
): Promise<void> {
  const closed = once(server, 'close')
  const { expired } = await moveOnAfter(drainMs, async ({ signal }) => {
    const drained = once(server, 'close', { signal })
    server.close()
    // A connection that is kept alive after its answer would hold up the end.
    for (const response of answering) response.shouldKeepAlive = false
    await drained
  })
  if (!expired) return
  shutdown.abort(new Error('The server is shutting down'))
  server.closeAllConnections()
  await closed
}
