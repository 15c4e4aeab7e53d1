import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import express from 'express'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { serve } from '../listening/serve.ts'
import type { App } from '../listening/app.ts'
import type { RequestLine } from '../request/request-log.ts'
import { requestScope } from './request-scope.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** A body that would be an answer of its own to the next request. */
const SMUGGLED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nowned'

/** Answers whose client could not tell where they end. */
const UNSOUND: Readonly<Record<string, Listener>> = {
  'too short': (_, response) => response.setHeader('content-length', 10).end('012'),
  'too short, by writeHead': (_, response) =>
    response.writeHead(200, { 'Content-Length': 10 }).end('012'),
  'too short, without a body': (_, response) =>
    response.writeHead(200, { 'content-length': 10 }).end(),
  'too short, in parts': (_, response) => {
    response.writeHead(200, ['content-length', '10'])
    response.write('012')
    response.end()
  },
  'too short, after a wait': async (_, response) => {
    response.setHeader('content-length', 10).write('012')
    await new Promise(setImmediate)
    response.end('3')
  },
  'too short, a stream': (_, response) => {
    response.setHeader('content-length', 10)
    Readable.from(['0', '12']).pipe(response)
  },
  'too long': (_, response) => response.setHeader('content-length', 3).end(`012${SMUGGLED}`),
  'too long, in its first part': (_, response) => {
    response.setHeader('content-length', 3).write(`012${SMUGGLED}`)
    response.end()
  },
  'too long, in its last part': (_, response) => {
    response.setHeader('content-length', 3).write('01')
    response.end(`2${SMUGGLED}`)
  },
  'too long, a stream': (_, response) => {
    response.setHeader('content-length', 3)
    Readable.from(['01', `2${SMUGGLED}`]).pipe(response)
  },
  'too long in bytes, not in letters': (_, response) =>
    response.setHeader('content-length', 2).end('計画'),
  'too long in another encoding': (_, response) =>
    response.setHeader('content-length', 2).end('3031320a', 'hex'),
  'no number': (_, response) => response.setHeader('content-length', 'abc').end('012'),
  'below zero': (_, response) => response.setHeader('content-length', '-3').end('012'),
  'with a sign': (_, response) => response.setHeader('content-length', '+3').end('012'),
  'two lengths': (_, response) => response.setHeader('content-length', ['3', '5']).end('012'),
  'two lengths, by writeHead': (_, response) =>
    response.writeHead(200, ['content-length', '3', 'Content-Length', '5']).end('012'),
  '100, which is none': (_, response) => response.writeHead(100).end(),
  '101, which nobody asked for': (_, response) => response.writeHead(101, { upgrade: 'a' }).end(),
  '102, by its status, with a body': (_, response) => {
    response.statusCode = 102
    response.end('Processing')
  },
  '103, with a length': (_, response) => response.writeHead(103, { 'content-length': 0 }).end(),
  '103, by its first part': (_, response) => {
    response.statusCode = 103
    response.write('a')
    response.end()
  },
  '103, by its head': (_, response) => {
    response.statusCode = 103
    response.flushHeaders()
    response.end()
  },
  'a length and chunks': (_, response) =>
    response.setHeader('content-length', 3).setHeader('transfer-encoding', 'chunked').end('012'),
  'a coding without an end': (_, response) =>
    response.setHeader('transfer-encoding', 'gzip').end('012'),
  'chunks within another coding': (_, response) =>
    response.setHeader('transfer-encoding', 'chunked, gzip').end('012'),
}

/** Headers in a form that Node takes and its types do not name. */
function pairs(...given: readonly [string, string][]): string[] {
  return given as unknown as string[]
}

const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** Ways to give a listener Node's own response. */
const WAYS: Readonly<Record<string, (listener: Listener) => App>> = {
  'of a Node listener': (listener) => (request: IncomingMessage, response: ServerResponse) =>
    listener(request, response),
  'of a fetch handler, through env.outgoing': (listener) => ({
    async fetch(_request: Request, { incoming, outgoing }: Bindings) {
      await listener(incoming, outgoing)
      return RESPONSE_ALREADY_SENT
    },
  }),
  'of an app in a fetch handler that makes its own env': (listener) => ({
    async fetch(_request: Request, env: Bindings) {
      const { incoming, outgoing } = { ...env }
      await listener(incoming, outgoing)
      return RESPONSE_ALREADY_SENT
    },
  }),
  'of express in a fetch handler': (listener) => {
    const app = express().get('/{*path}', (request, response) => {
      void listener(request, response)
    })
    return {
      fetch(_request: Request, { incoming, outgoing }: Bindings) {
        app(incoming, outgoing)
        return new Promise<Response>((resolve) => {
          outgoing.once('close', () => resolve(RESPONSE_ALREADY_SENT))
        })
      },
    }
  },
}

/** What the adapter gives beside the request. */
interface Bindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

async function exchange(listener: Listener, bytes: string, way = 'of a Node listener') {
  const lines: RequestLine[] = []
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  const app = (WAYS[way] as (listener: Listener) => App)((request, response) =>
    request.url === '/next' ? response.end('next') : listener(request, response),
  )
  await using server = await serve(app, { lingerMs: 0, log })
  const answer = await rawExchange(server.port, bytes)
  await server.close()
  return { answer, lines, active: server.active }
}

test.each(Object.entries(UNSOUND))(
  'an answer that does not end where its head says is cut, and ended: %s',
  async (_what, listener) => {
    const { answer, lines, active } = await exchange(
      listener,
      `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`,
    )
    expect(answer).not.toMatch(/owned|next/)
    expect(statusesIn(answer).length).toBeLessThan(2)
    expect(lines[0]?.err).toBeInstanceOf(TypeError)
    expect(active).toBe(0)
  },
)

/** Headers in pairs, which Node takes only where none is set before, as express does. */
const IN_PAIRS: Readonly<Record<string, Listener>> = {
  'two lengths, in pairs': (_, response) =>
    response.writeHead(200, pairs(['content-length', '3'], ['Content-Length', '5'])).end('012'),
  'too short, in pairs': (_, response) =>
    response.writeHead(200, pairs(['content-length', '10'])).end('012'),
  'too long, in pairs': (_, response) =>
    response.writeHead(200, pairs(['content-length', '3'])).end(`012${SMUGGLED}`),
}

test.each(Object.entries(IN_PAIRS))(
  'an answer whose headers are in pairs is cut as well: %s',
  async (_what, listener) => {
    const { answer, lines } = await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`)
    expect(answer).not.toMatch(/owned|next/)
    expect(lines[0]?.err).toBeInstanceOf(TypeError)
  },
)

test('an answer whose headers are in pairs is sent as it is where it is sound', async () => {
  const listener: Listener = (_, response) =>
    response.writeHead(200, pairs(['content-length', '3'], ['a', 'b'])).end('012')
  const { answer } = await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`)
  expect(answer).toMatch(/content-length: 3\r\na: b\r\n[^]*\r\n\r\n012HTTP[^]*next$/)
})

/** Answers that end where their head says. */
const SOUND: Readonly<Record<string, Listener>> = {
  'a length': (_, response) => response.setHeader('content-length', 3).end('012'),
  'a length of none': (_, response) => response.writeHead(200, { 'content-length': '0' }).end(),
  'a length, in parts': (_, response) => {
    response.writeHead(200, 'Fine', { 'content-length': 3 })
    response.write('0')
    response.write(Buffer.from('1'))
    response.end('32', 'hex')
  },
  'set, and by writeHead': (_, response) =>
    response.setHeader('content-length', 5).writeHead(200, { 'content-length': 3 }).end('012'),
  'letters beyond ASCII': (_, response) => response.setHeader('content-length', 6).end('計画'),
  'no length': (_, response) => response.end('012'),
  'no length, in parts': (_, response) => {
    response.write('0')
    response.end('12')
  },
  'chunks, as the handler says': (_, response) =>
    response.setHeader('transfer-encoding', 'gzip, chunked').end('012'),
  'a length without a body, as there is none': (_, response) =>
    response.writeHead(304, { 'content-length': 3 }).end(),
  'a callback instead of a body': (_, response) =>
    response.setHeader('content-length', 0).end(() => {}),
}

test.each(Object.entries(SOUND))(
  'an answer that ends where its head says is sent as it is, and the next one too: %s',
  async (_what, listener) => {
    const { answer, lines } = await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`)
    expect(statusesIn(answer)).toHaveLength(2)
    expect(answer).toMatch(/\r\n\r\nnext$/)
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).not.toHaveProperty('err')
  },
)

/** By another way than Node's listener: the table above has that one. */
const OTHER_WAYS = Object.keys(WAYS).slice(1)

for (const way of OTHER_WAYS) {
  for (const [what, listener] of Object.entries(UNSOUND)) {
    test(`an answer ${way} is cut where it does not end as its head says: ${what}`, async () => {
      const bytes = `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`
      const { answer, lines, active } = await exchange(listener, bytes, way)
      expect(answer).not.toMatch(/owned|next/)
      expect(statusesIn(answer).length).toBeLessThan(2)
      // The other request may have been done with before.
      expect(lines.find(({ route }) => route === 'GET /')?.err).toBeInstanceOf(TypeError)
      expect(active).toBe(0)
    })
  }

  for (const [what, listener] of Object.entries(SOUND)) {
    test(`an answer ${way} is sent as it is where it ends as its head says: ${what}`, async () => {
      const bytes = `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`
      const { answer, lines } = await exchange(listener, bytes, way)
      expect(statusesIn(answer)).toHaveLength(2)
      expect(answer).toMatch(/\r\n\r\nnext$/)
      for (const line of lines) expect(line).not.toHaveProperty('err')
    })
  }
}

test('a failure after a head that was not sent is a problem with a head of its own', async () => {
  const listener: Listener = (_, response) => {
    response.setHeader('content-length', 'abc').setHeader('transfer-encoding', 'gzip')
    throw new Error('no')
  }
  const { answer } = await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`)
  expect(statusesIn(answer)).toEqual([500, 200])
})

test('an answer to HEAD has the length of the body that it leaves out', async () => {
  const listener: Listener = (_, response) =>
    response.setHeader('content-length', 10).end('0123456789')
  const { answer, lines } = await exchange(listener, `HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`)
  expect(answer).toMatch(/content-length: 10\r\n[^]*\r\n\r\nHTTP\/1\.1 200 OK[^]*\r\n\r\nnext$/)
  expect(lines[0]).not.toHaveProperty('err')
})

/** Frameworks whose answers this holds for as well: they write with Node’s own methods. */
const FRAMEWORKS: Readonly<Record<string, () => Promise<App>>> = {
  express: async () =>
    express().get(
      '/',
      (_request, response) => void response.set('content-length', '3').end(SMUGGLED),
    ),
  fastify: async () => {
    const app = fastify()
    app.get('/', (_request, reply) => {
      reply.hijack()
      reply.raw.setHeader('content-length', 3).end(SMUGGLED)
    })
    await app.ready()
    return (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
  },
}

test.each(Object.entries(FRAMEWORKS))('of %s as well', async (_name, make) => {
  await using server = await serve(await make(), { lingerMs: 0 })
  expect(await rawExchange(server.port, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`)).toBe('')
})

test('on a server that something else makes as well', async () => {
  const scope = requestScope()
  const server = createServer((request, response) => {
    scope(request, response, () => response.setHeader('content-length', 3).end(SMUGGLED))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect(await rawExchange(port, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`)).toBe('')
  await scope.close()
  server.close()
})
