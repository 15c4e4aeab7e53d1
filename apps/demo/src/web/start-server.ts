import { type HttpServer, serve } from '@yuzuru/server'
import type { Origin } from './environment.ts'

type Answer = (request: Request, origin: Origin) => Response | Promise<Response>

/** A web server that listens before its app is there: the app's address has the server's port in it. */
export interface WebServer extends AsyncDisposable {
  readonly port: number
  /** Sets the handler of requests; until then they get 503. */
  answerWith(answer: Answer): void
  /** Answers what is under way, then ends. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Starts it on the loopback interface.
 *
 * @param port 0 for a free one
 * @throws {ServerError} when another program has the port
 */
export async function startServer(port: number): Promise<WebServer> {
  let answer: Answer = () => new Response('Starting', { status: 503 })
  const app = { fetch: (request: Request, origin: Origin) => answer(request, origin) }
  const server: HttpServer = await serve(app, {
    port,
    // Each route has a limit of its own: documents are longer than forms.
    limits: { maxBodyBytes: Infinity },
  })
  return {
    port: server.port,
    answerWith(next) {
      answer = next
    },
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  }
}
