import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import { describe, test } from 'vitest'
import { problem } from './problems/problem.ts'
import { writeProblem } from './problems/write-problem.ts'
import { requestScope } from './scopes/request-scope.ts'
import { serve } from './listening/serve.ts'
import { exerciseServer, type MakeServer, type ServerFixture } from './testing/exercise-server.ts'

const makers: Readonly<Record<string, MakeServer>> = {
  'serve, a function': (handle, options) =>
    serve(
      async (request: Request) => new Response(await handle(new URL(request.url).pathname)),
      options,
    ),
  'serve, with an adaptive limit': (handle, options) =>
    serve(async (request: Request) => new Response(await handle(new URL(request.url).pathname)), {
      limit: 'adaptive',
      ...options,
    }),
  'serve, hono': (handle, options) => {
    const app = new Hono()
    app.get('*', async (c) => c.text(await handle(c.req.path)))
    app.onError((error, c) => problem(error, c.req.header('accept')))
    return serve(app, options)
  },
  'serve, a Node listener': (handle, options) =>
    serve(async (request: IncomingMessage, response: ServerResponse) => {
      response.end(await handle(request.url ?? ''))
    }, options),
  'serve, express': (handle, options) => serve(expressApp(handle), options),
  'requestScope, express': async (handle, options) => {
    const scope = requestScope(options)
    const app = express().use(scope).use(expressApp(handle))
    return await listening(createServer(app), scope)
  },
  'requestScope, node:http': async (handle, options) => {
    const scope = requestScope(options)
    const server = createServer((request, response) => {
      scope(request, response, async () => response.end(await handle(request.url ?? '')))
    })
    return await listening(server, scope)
  },
}

describe.each(Object.entries(makers))('%s:', (_name, make) => {
  for (const { name, run } of exerciseServer(make)) test(name, run)
})

function expressApp(handle: Parameters<MakeServer>[0]): express.Express {
  const app = express()
  app.get('/{*path}', (request, response, next) => {
    handle(request.path).then((text) => response.send(text), next)
  })
  app.use(((error, request, response, _next) => {
    writeProblem(error, request, response)
  }) satisfies express.ErrorRequestHandler)
  return app
}

async function listening(
  server: ReturnType<typeof createServer>,
  scope: ReturnType<typeof requestScope>,
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
