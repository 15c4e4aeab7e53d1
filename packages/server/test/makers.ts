import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import * as forFastify from '../src/fastify.ts'
import * as forHono from '../src/hono.ts'
import { type App, HttpProblem, serve } from '../src/index.ts'
import * as forNode from '../src/node.ts'
import type { Handle, MakeServer, ServerFixture } from '../src/testing/exercise-server.ts'

/*
 * The same small app in every framework: `GET` (and `HEAD`) of paths with up to two parts is answered with what
 * `handle` gives, as plain text. There is nothing at other paths.
 */

/** The app as something that `serve` takes. */
export const apps: Readonly<Record<string, (handle: Handle) => App | Promise<App>>> = {
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

/** All ways to use the package, each with its server on a socket. */
export const makers: Readonly<Record<string, MakeServer>> = {
  ...Object.fromEntries(served),
  'requestScope, hono': async (handle, options) => {
    const scope = forHono.requestScope(options)
    const app = honoApp(new Hono().use(scope), handle)
    return await listening(createAdaptorServer({ fetch: app.fetch }) as Server, scope)
  },
  'requestScope, fastify': async (handle, options) => {
    const app = fastify({ return503OnClosing: false })
    await app.register(forFastify.requestScope, options)
    const url = await fastifyApp(app, handle).listen({ port: 0, host: '127.0.0.1' })
    const close: ServerFixture['close'] = async (given) => {
      await Promise.all([app.requestScope.close(given), app.close()])
    }
    return { url, close, [Symbol.asyncDispose]: () => close() }
  },
  'requestScope, express': async (handle, options) => {
    const scope = forNode.requestScope(options)
    return await listening(createServer(expressApp(express().use(scope), handle)), scope)
  },
  'requestScope, node:http': async (handle, options) => {
    const scope = forNode.requestScope(options)
    const listener = nodeListener(handle)
    const server = createServer((request, response) => {
      scope(request, response, () => listener(request, response))
    })
    return await listening(server, scope)
  },
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
  app.get(['/', '/:one', '/:one/:two'], async (request, response) => {
    response.type('text/plain').send(await handle(request.path))
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
  scope: Pick<forNode.RequestScope, 'close'>,
): Promise<ServerFixture> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close: ServerFixture['close'] = async (options) => {
    const closed = once(server, 'close')
    if (server.listening) server.close()
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
