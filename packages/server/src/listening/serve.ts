import { type App, listenerOf } from './app.ts'
import { type HttpServer, listen } from './http-server.ts'
import { type ServeOptions, serveSettings } from './serve-options.ts'

/**
 * Serves `app` over HTTP: anything with `fetch(request)` (hono, itty, h3, elysia), a function of a `Request`,
 * or a Node listener `(req, res) => …` (express, koa). Each request runs in a scope that its client's leaving
 * and its deadline cancel.
 *
 * Only this machine reaches it, unless `hostname` says otherwise. It speaks plain HTTP/1.1: leave TLS and
 * HTTP/2 to the proxy in front. For a server that a framework starts itself use `requestScope` instead.
 *
 * @returns the server, once it listens
 * @throws {TypeError} when `app` cannot be served, or an option is unknown or out of its range
 * @throws {ServerError} `address_in_use` when another program listens there, `listen_failed` when the system does
 *   not allow it
 * @example
 * await run(async () => {
 *   await using server = await serve(app, { port: 3000, probes: { checks: { db: () => health(db) } } })
 *   console.log(server.url)
 *   await sleep(Infinity)
 * })
 */
export async function serve(app: App, options: ServeOptions = {}): Promise<HttpServer> {
  const settings = serveSettings(options)
  return await listen(await listenerOf(app), settings)
}
