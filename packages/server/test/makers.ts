import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import * as forFastify from '../src/fastify.ts'
import * as forHono from '../src/hono.ts'
import { type App, HttpProblem, serve } from '../src/index.ts'
import * as forNode from '../src/node.ts'
import { type MemoryServer, serveInMemory } from '../src/testing.ts'
import type { Handle, MakeServer, ServerFixture } from '../src/testing/exercise-server.ts'

/*
 * The same small app in every framework: `GET` (and `HEAD`) of paths with up to two parts is answered with what
 * `handle` gives, as plain text. There is nothing at other paths.
 */

/** The app as something that `serve` takes. */
const apps: Readonly<Record<string, (handle: Handle) => App | Promise<App>>> = {
  'a function': (handle) => async (request: Request) => {
    const { pathname } = new URL(request.url)
    expectRoute(pathname)
    return new Response(await handle(pathname), { headers: { 'content-type': 'text/plain' } })
  },
  hono: (handle) => honoApp(new Hono(), handle),
  'a Node listener': nodeListener,
  express: (handle) => expressApp(express(), handle),
  fastify: async (handle) => {
    const app = fastifyApp(fastify(), handle)
    await app.ready()
    return (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
  },
}

const served = Object.entries(apps).map(([kind, appOf]): [string, MakeServer] => [
  `serve, ${kind}`,
  async (handle, options) => await serve(await appOf(handle), options),
])

type Closable = Pick<forNode.RequestScope, 'close'>

interface OwnServer {
  readonly server: Server
  readonly scope: Closable
  readonly app?: FastifyInstance
}

/** The app on a server that is somebody else's. */
const servers: Readonly<
  Record<string, (...args: Parameters<MakeServer>) => OwnServer | Promise<OwnServer>>
> = {
  hono: (handle, options) => {
    const scope = forHono.requestScope(options)
    const { fetch } = honoApp(new Hono().use(scope), handle)
    return { server: createAdaptorServer({ fetch }) as Server, scope }
  },
  fastify: async (handle, options) => {
    const app = fastify({ return503OnClosing: false })
    await app.register(forFastify.requestScope, options)
    await fastifyApp(app, handle).ready()
    return { server: app.server, scope: app.requestScope, app }
  },
  express: (handle, options) => {
    const scope = forNode.requestScope(options)
    return { server: createServer(expressApp(express().use(scope), handle)), scope }
  },
  'node:http': (handle, options) => {
    const scope = forNode.requestScope(options)
    const listener = nodeListener(handle)
    const server = createServer((request, response) => {
      scope(request, response, () => listener(request, response))
    })
    return { server, scope }
  },
}

/** All ways to use the package, each with its server on a socket. */
export const makers: Readonly<Record<string, MakeServer>> = {
  ...Object.fromEntries(served),
  ...Object.fromEntries(
    Object.entries(servers).map(([kind, make]): [string, MakeServer] => [
      `requestScope, ${kind}`,
      async (handle, options) => {
        const { server, scope, app } = await make(handle, options)
        return await listening(server, scope, app)
      },
    ]),
  ),
}

/** The same without a socket. */
export const makersInMemory: Readonly<
  Record<string, (...args: Parameters<MakeServer>) => Promise<ServedInMemory>>
> = {
  ...Object.fromEntries(
    Object.entries(apps).map(([kind, appOf]) => [
      `in memory, ${kind}`,
      async (...[handle, options]: Parameters<MakeServer>) =>
        inMemory(await serveInMemory(await appOf(handle), options)),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(servers).map(([kind, make]) => [
      `in memory, requestScope, ${kind}`,
      async (...[handle, options]: Parameters<MakeServer>) => {
        const { server, scope } = await make(handle, options)
        return inMemory(await serveInMemory(server), scope)
      },
    ]),
  ),
}

interface ServedInMemory extends ServerFixture {
  readonly connect: () => Duplex
}

function inMemory(served: MemoryServer, scope?: Closable): ServedInMemory {
  const close: ServerFixture['close'] = async (options) => {
    await scope?.close(options)
    await served.close(options)
  }
  const connect = (): Duplex => served.connect()
  return { url: 'http://localhost', connect, close, [Symbol.asyncDispose]: () => close() }
}

function expectRoute(path: string): void {
  if (path.split('/').length > 3) throw new HttpProblem(404, 'Not Found')
}

function nodeListener(handle: Handle) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = ''] = (request.url ?? '').split('?')
    expectRoute(path)
    response.setHeader('content-type', 'text/plain').end(await handle(path))
  }
}

function honoApp(app: Hono, handle: Handle): Hono {
  for (const path of ['/', '/:one', '/:one/:two']) {
    app.get(path, async (c) => c.text(await handle(c.req.path)))
  }
  return app.notFound(forHono.notFound).onError(forHono.onError)
}

function expressApp(app: express.Express, handle: Handle): express.Express {
  const answer = async (request: express.Request, response: express.Response): Promise<void> => {
    response.type('text/plain').send(await handle(request.path))
  }
  app.get(['/', '/:one', '/:one/:two'], (request, response, next) => {
    answer(request, response).then(undefined, next)
  })
  return app.use(forNode.notFound, forNode.onError)
}

function fastifyApp(app: FastifyInstance, handle: Handle): FastifyInstance {
  app.setErrorHandler(forFastify.onError).setNotFoundHandler(forFastify.notFound)
  for (const path of ['/', '/:one', '/:one/:two']) {
    app.get(path, async (request, reply) => {
      void reply.type('text/plain')
      return await handle(request.url.replace(/\?.*$/s, ''))
    })
  }
  return app
}

async function listening(
  server: Server,
  scope: Closable,
  app?: FastifyInstance,
): Promise<ServerFixture> {
  if (app === undefined) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  } else await app.listen({ port: 0, host: '127.0.0.1' })
  const close: ServerFixture['close'] = async (options) => {
    const closed = once(server, 'close')
    if (app !== undefined) void app.close()
    else if (server.listening) server.close()
    await scope.close(options)
    server.closeAllConnections()
    await closed
  }
  let closed: Promise<void> | undefined
  const closeOnce: typeof close = (options) => (closed ??= close(options))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: closeOnce,
    [Symbol.asyncDispose]: () => closeOnce(),
  }
}
