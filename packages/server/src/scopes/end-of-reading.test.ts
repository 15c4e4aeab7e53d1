import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { Cancelled } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { statusesIn } from '../../test/raw-exchange.ts'
import * as forFastify from '../fastify.ts'
import * as forHono from '../hono.ts'
import * as forNode from '../node.ts'
import type { RequestLine } from '../request/request-log.ts'
import type { RequestScopeOptions } from '../request/request-options.ts'

/*
 * A client that stalls in the middle of its body, on a server that something else makes: the deadline of the request
 * ends the read of it. The clock of these tests is never advanced into the grace of a handler.
 */

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
const WHOLE = 'Content-Length: 10\r\n\r\n{"a":'
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n'

type Read = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** A server whose handler says when it has begun, and ways to close its scopes. */
type Make = (
  begun: () => void,
  options: RequestScopeOptions,
) => Promise<{ server: Server; close: (options: { drainMs: number }) => Promise<void> }>

const bare =
  (read: (begun: () => void) => Read): Make =>
  async (begun, options) => {
    const scope = forNode.requestScope(options)
    const handler = read(begun)
    const server = createServer((request, response) => {
      scope(request, response, () => handler(request, response))
    })
    return { server, close: (closeOptions) => scope.close(closeOptions) }
  }

const textOf =
  (begun: () => void): Read =>
  async (request, response) => {
    begun()
    response.end(await text(request))
  }

const SERVERS: Readonly<Record<string, Make>> = {
  'node:http': bare(textOf),
  express: async (begun, options) => {
    const scope = forNode.requestScope(options)
    const app = express().use(scope)
    app.use((_request, _response, next) => (begun(), next()), express.json())
    app.post('/', (request, response) => void response.json(request.body))
    app.use(forNode.notFound, forNode.onError)
    return { server: createServer(app), close: (closeOptions) => scope.close(closeOptions) }
  },
  hono: async (begun, options) => {
    const scope = forHono.requestScope(options)
    const app = new Hono().use(scope).onError(forHono.onError)
    app.post('/', async (c) => {
      begun()
      return c.json(await c.req.json<object>())
    })
    const server = createAdaptorServer({ fetch: app.fetch }) as Server
    return { server, close: (closeOptions) => scope.close(closeOptions) }
  },
  'hono, with a failure of its own': async (begun, options) => {
    const scope = forHono.requestScope(options)
    const app = new Hono().use(scope)
    app.post('/', async (c) => {
      begun()
      return c.json(await c.req.json<object>())
    })
    const server = createAdaptorServer({ fetch: app.fetch }) as Server
    return { server, close: (closeOptions) => scope.close(closeOptions) }
  },
  fastify: async (begun, options) => {
    const app = fastify({ return503OnClosing: false })
    await app.register(forFastify.requestScope, options)
    app.addHook('onRequest', async () => {
      begun()
      await Promise.resolve()
    })
    app.setErrorHandler(forFastify.onError)
    app.post('/', (request) => request.body)
    await app.ready()
    return { server: app.server, close: (closeOptions) => app.requestScope.close(closeOptions) }
  },
}

/** A request under way, of whose body a part has come. */
async function stalled(make: Make, framing: string) {
  const clock = TestClock.install()
  const lines: RequestLine[] = []
  const begun = Promise.withResolvers<void>()
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  const { server, close } = await make(() => begun.resolve(), { maxRequestMs: 1_000, log })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(async () => {
    socket.destroy()
    server.close()
    server.closeAllConnections()
    await close({ drainMs: 0 })
    clock[Symbol.dispose]()
  })
  socket.write(`${HEAD}${framing}`)
  await begun.promise
  return { clock, socket, lines, close }
}

describe('on a server that something else makes, the read of a body that stalls ends with its deadline', () => {
  test.each(Object.entries(SERVERS))('%s', async (what, make) => {
    const { clock, socket, lines } = await stalled(make, WHOLE)
    await clock.advance(1_000)
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(first))).toEqual([504])
    expect(String(first)).toContain('"code":"deadline_expired"')
    // What was to come is dropped, and the connection goes on; fastify says that it closes.
    const isKept = !/^connection: close/im.test(String(first))
    expect(isKept).toBe(what !== 'fastify')
    socket.end(`"bc"}${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\n{}`)
    expect(statusesIn(await text(socket))).toEqual(isKept ? [200] : [])
    if (isKept) expect(lines.map(({ status }) => status)).toEqual([504, 200])
  })

  test('of chunks as well', async () => {
    const { clock, socket } = await stalled(bare(textOf), CHUNKED)
    await clock.advance(1_000)
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(first))).toEqual([504])
  })

  test('and with the end of its scopes', async () => {
    const { socket, close } = await stalled(bare(textOf), WHOLE)
    const closed = close({ drainMs: 0 })
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(first))).toEqual([503])
    await closed
  })

  test('its reader fails with what the request was cancelled with, also one that begins later', async () => {
    const due = Promise.withResolvers<void>()
    const failed = Promise.withResolvers<unknown>()
    const late = bare((begun) => async (request, response) => {
      begun()
      await due.promise
      response.end(await text(request).catch((error: unknown) => (failed.resolve(error), '')))
    })
    const { clock } = await stalled(late, WHOLE)
    await clock.advance(1_000)
    due.resolve()
    expect(Cancelled.isInstance(await failed.promise)).toBe(true)
  })

  test('a body that has come as a whole can be read behind it', async () => {
    const due = Promise.withResolvers<void>()
    const late = bare((begun) => async (request, response) => {
      begun()
      await due.promise
      while (!request.complete) await setImmediate()
      response.end(await text(request))
    })
    const { clock, socket } = await stalled(late, 'Content-Length: 2\r\n\r\n{')
    await clock.advance(1_000)
    socket.write('}')
    due.resolve()
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(String(first)).toMatch(/^HTTP\/1\.1 200 [^]*\{\}$/)
  })

  test('a handler that does not read goes on to its grace, and nothing fails behind its answer', async () => {
    const due = Promise.withResolvers<void>()
    const errors: unknown[] = []
    const late = bare((begun) => async (request, response) => {
      request.on('error', (error) => errors.push(error))
      begun()
      await due.promise
      response.end('late')
    })
    const { clock, socket } = await stalled(late, WHOLE)
    await clock.advance(1_000)
    due.resolve()
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(String(first)).toMatch(/late$/)
    socket.end(`"bc"}${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\n{}`)
    expect(statusesIn(await text(socket))).toEqual([200])
    expect(errors).toEqual([])
  })
})
