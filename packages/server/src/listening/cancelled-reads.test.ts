import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Cancelled } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { statusesIn } from '../../test/raw-exchange.ts'
import type { RequestLine } from '../request/request-log.ts'
import type { App } from './app.ts'
import { serve } from './serve.ts'

/*
 * A client that stalls in the middle of its body holds up what reads it. The deadline of the request ends that read, as
 * it ends a query: the clocks of these tests are never advanced into the grace of a handler.
 */

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'

/** Apps that read their body whole, each in its own way. */
const READERS: Readonly<Record<string, (begun: () => void) => App | Promise<App>>> = {
  'a function': (begun) => async (request: Request) => {
    begun()
    return new Response(await request.text())
  },
  'a function, by its stream': (begun) => async (request: Request) => {
    begun()
    let length = 0
    for await (const chunk of request.body ?? []) length += chunk.length
    return new Response(`${length}`)
  },
  'a function that takes it for a malformed body': (begun) => async (request: Request) => {
    begun()
    const body: unknown = await request.json().catch(() => undefined)
    return body === undefined
      ? new Response('no JSON', { status: 400 })
      : new Response(JSON.stringify(body))
  },
  hono: (begun) => {
    const app = new Hono().post('/', async (c) => {
      begun()
      return c.json(await c.req.json<object>())
    })
    app.onError((error) => {
      throw error
    })
    return app
  },
  express: (begun) => {
    const app = express().use((_request, _response, next) => {
      begun()
      next()
    }, express.json())
    app.post('/', (request, response) => void response.json(request.body))
    return app
  },
  fastify: async (begun) => {
    const app = fastify()
    app.addHook('onRequest', async () => {
      begun()
      await Promise.resolve()
    })
    app.setErrorHandler((error) => {
      throw error
    })
    app.post('/', (request) => request.body)
    await app.ready()
    return (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
  },
  'a Node listener': (begun) => async (request: IncomingMessage, response: ServerResponse) => {
    begun()
    response.end(await text(request))
  },
}

/** A request under way, of whose body a part has come. */
async function stalled(make: (begun: () => void) => App | Promise<App>, framing: string) {
  const clock = TestClock.install()
  const lines: RequestLine[] = []
  const begun = Promise.withResolvers<void>()
  const app = await make(() => begun.resolve())
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  const server = await serve(app, { lingerMs: 0, maxRequestMs: 1_000, log })
  const socket = connect(server.port, '127.0.0.1')
  onTestFinished(async () => {
    socket.destroy()
    await server.close({ drainMs: 0 })
    clock[Symbol.dispose]()
  })
  socket.write(`${HEAD}${framing}`)
  await begun.promise
  return { clock, server, socket, lines }
}

const WHOLE = 'Content-Length: 10\r\n\r\n{"a":'
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n'

describe('the read of a body that stalls ends with the deadline of its request, not with its grace', () => {
  test.each(Object.entries(READERS))('%s', async (_what, make) => {
    const { clock, socket, lines } = await stalled(make, WHOLE)
    await clock.advance(1_000)
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(first))).toEqual([504])
    expect(String(first)).toContain('"code":"deadline_expired"')
    // What was to come is dropped, and the connection goes on.
    socket.end(`"bc"}${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\n{}`)
    expect(statusesIn(await text(socket))).toEqual([200])
    expect(lines.map(({ status }) => status)).toEqual([504, 200])
  })

  test('of chunks as well', async () => {
    const { clock, socket } = await stalled(READERS['a function'] as never, CHUNKED)
    await clock.advance(1_000)
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(first))).toEqual([504])
  })

  test('the end of the server ends it too', async () => {
    const { server, socket } = await stalled(READERS['a Node listener'] as never, WHOLE)
    const closed = server.close({ drainMs: 0 })
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(first))).toEqual([503])
    socket.end('"bc"}')
    await closed
  })

  test('its reader fails with what the request was cancelled with', async () => {
    const failed = Promise.withResolvers<unknown>()
    const reader = (begun: () => void) => async (request: Request) => {
      begun()
      const body = await request.text().catch((error: unknown) => {
        failed.resolve(error)
        throw error
      })
      return new Response(body)
    }
    const { clock } = await stalled(reader, WHOLE)
    await clock.advance(1_000)
    expect(Cancelled.isInstance(await failed.promise)).toBe(true)
  })

  test('an answer that passes it on is cut', async () => {
    const echo = (begun: () => void) => (request: Request) => {
      begun()
      return new Response(request.body)
    }
    const { clock, socket } = await stalled(echo, WHOLE)
    const answer = text(socket)
    await clock.advance(1_000)
    expect(await answer).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test('also of one that begins behind it', async () => {
    const due = Promise.withResolvers<void>()
    const late =
      (begun: () => void) => async (request: IncomingMessage, response: ServerResponse) => {
        begun()
        await due.promise
        response.end(await text(request))
      }
    const { clock, socket } = await stalled(late, WHOLE)
    await clock.advance(1_000)
    due.resolve()
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(first))).toEqual([504])
  })

  test('a body that has come as a whole can be read behind it', async () => {
    const due = Promise.withResolvers<void>()
    const late =
      (begun: () => void) => async (request: IncomingMessage, response: ServerResponse) => {
        await once(request, 'readable')
        begun()
        await due.promise
        response.end(await text(request))
      }
    const { clock, socket } = await stalled(late, 'Content-Length: 2\r\n\r\n{}')
    await clock.advance(1_000)
    due.resolve()
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(String(first)).toMatch(/^HTTP\/1\.1 200 [^]*\{\}$/)
  })

  test('a handler that does not read goes on to its grace', async () => {
    const ended = Promise.withResolvers<void>()
    const late = (begun: () => void) => async (_: IncomingMessage, response: ServerResponse) => {
      begun()
      await ended.promise
      response.end('late')
    }
    const { clock, socket } = await stalled(late, WHOLE)
    await clock.advance(1_000)
    ended.resolve()
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(String(first)).toMatch(/late$/)
  })
})
