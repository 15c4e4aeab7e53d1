import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { cancelScope, detached, moveOnAfter, shield, sleep, withTimeout } from '@yuzuru/concurrency'

/** How long requests may take altogether, and how long those under way may go on at shutdown. */
const REQUEST_MS = 30_000
const DRAIN_MS = 5_000

/** A web server that runs. */
export interface WebServer extends AsyncDisposable {
  readonly port: number
}

/**
 * Serves on the loopback interface. Each request is a scope of its own: it ends when its client goes
 * away, when its time is over, or, at shutdown, when the others had time to finish.
 */
export async function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<WebServer> {
  const shutdown = new AbortController()
  const listener = getRequestListener(async (request) => {
    const name = `${request.method} ${new URL(request.url).pathname}`
    const answer = (): Promise<Response> => withTimeout(REQUEST_MS, () => fetch(request), { name })
    // A client that goes away takes its request with it.
    const forClient = (): Promise<Response> => cancelScope(answer, { name, signal: request.signal })
    return await cancelScope(forClient, { name: 'server', signal: shutdown.signal })
  })
  // Requests must outlive the scope that happened to start the server, to be drained at its end.
  const server = detached(() =>
    createServer((request, response) => void listener(request, response)),
  )
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => shield(() => drain(server, shutdown)),
  }
}

async function drain(server: Server, shutdown: AbortController): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const { expired } = await moveOnAfter(DRAIN_MS, () => Promise.race([closed, sleep(Infinity)]))
  if (!expired) return
  shutdown.abort(new Error('The server is shutting down'))
  server.closeAllConnections()
  await closed
}
