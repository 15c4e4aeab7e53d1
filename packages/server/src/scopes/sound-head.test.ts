import { type IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import type { App } from '../listening/app.ts'
import { serve } from '../listening/serve.ts'
import type { RequestLine } from '../request/request-log.ts'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

const listener =
  (write: Listener): App =>
  (request: IncomingMessage, response: ServerResponse) =>
    request.url === '/next' ? response.end('next') : write(request, response)

const web =
  (make: () => Response): App =>
  (request: Request) =>
    request.url.endsWith('/next') ? new Response('next') : make()

/** What came back, and what the log says. */
async function exchange(app: App, method = 'GET', version = '1.1') {
  const lines: RequestLine[] = []
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  await using server = await serve(app, { lingerMs: 0, log })
  const first = `${method} / HTTP/${version}\r\nHost: a\r\nConnection: keep-alive\r\n\r\n`
  const next = 'GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const answer = await rawExchange(server.port, first + (version === '1.1' ? next : ''))
  return { answer, lines, head: answer.slice(0, answer.indexOf('\r\n\r\n')) }
}

const OF_BODY = /content-length|transfer-encoding|trailer/i

/** Apps whose 204 says where its body ends. */
const SAYING: Readonly<Record<string, () => App | Promise<App>>> = {
  'a length that is set': () =>
    listener((_, response) => {
      response.statusCode = 204
      response.setHeader('content-length', 0).end()
    }),
  'a length of a body': () =>
    listener((_, response) => response.writeHead(204, { 'Content-Length': 5 }).end('01234')),
  'a length, in a list': () =>
    listener((_, response) => response.writeHead(204, ['Content-Length', '0', 'a', 'b']).end()),
  'a length, in pairs': () =>
    listener((_, response) =>
      response.writeHead(204, 'Fine', [['content-length', '0']] as unknown as string[]).end(),
    ),
  'a length, by its head': () =>
    listener((_, response) => {
      response.statusCode = 204
      response.setHeader('content-length', 0).flushHeaders()
      response.end()
    }),
  chunks: () =>
    listener((_, response) => response.writeHead(204, { 'transfer-encoding': 'chunked' }).end()),
  'chunks and a length': () =>
    listener((_, response) =>
      response.writeHead(204, { 'transfer-encoding': 'chunked', 'content-length': 0 }).end(),
    ),
  trailers: () =>
    listener((_, response) => {
      response.addTrailers({ 'x-sum': '1' })
      response.writeHead(204, { trailer: 'x-sum' }).end()
    }),
  'a length of a Response': () =>
    web(() => new Response(null, { status: 204, headers: { 'content-length': '0' } })),
  'a length of a Response with Headers': () => {
    const headers = new Headers({ 'content-length': '0' })
    return web(() => new Response(null, { status: 204, headers }))
  },
  'a length of a Response that was looked at': () =>
    web(() => {
      const response = new Response(null, { status: 204, headers: { 'content-length': '0' } })
      expect(response.body).toBeNull()
      return response
    }),
  'chunks of a Response': () =>
    web(() => new Response(null, { status: 204, headers: { 'transfer-encoding': 'chunked' } })),
  'the length of a text, hono': () =>
    new Hono()
      .get('/next', (c) => c.text('next'))
      .get('/', (c) => c.body('01234' as unknown as null, 204)),
  'a length, express': () =>
    express()
      .get('/next', (_request, response) => void response.end('next'))
      .get('/', (_request, response) => void response.set('content-length', '0').status(204).end()),
  'trailers, fastify': async () => {
    const app = fastify()
    app.get('/next', async (_request, reply) => await reply.send('next'))
    app.get('/', (_request, reply) => {
      reply.trailer('x-sum', async () => await Promise.resolve('1'))
      return reply.code(204).send()
    })
    await app.ready()
    return (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
  },
}

describe('an answer 204 says nothing of where its body ends', () => {
  test.each(Object.entries(SAYING))('%s', async (_what, make) => {
    const { answer, head, lines } = await exchange(await make())
    expect(head).toMatch(/^HTTP\/1\.1 204 /)
    expect(head).not.toMatch(OF_BODY)
    // It ends with its head, and keeps its connection.
    expect(statusesIn(answer)).toEqual([204, 200])
    expect(answer.slice(head.length + 4)).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nnext$/)
    for (const line of lines) expect(line).not.toHaveProperty('err')
  })
})

const trailers = listener((_, response) => {
  response.addTrailers({ 'x-sum': '1' })
  response.writeHead(200, { trailer: 'x-sum', etag: '"1"' })
  response.write('a')
  response.end()
})

describe('trailers', () => {
  test('come behind chunks', async () => {
    const { answer } = await exchange(trailers)
    expect(answer).toMatch(/trailer: x-sum\r\n[^]*\r\n0\r\nx-sum: 1\r\n\r\nHTTP/)
  })

  test.each([
    ['to HEAD', 'HEAD', '1.1'],
    ['to HTTP/1.0', 'GET', '1.0'],
  ])('are left out where there are no chunks, and fail nothing: %s', async (_what, method, old) => {
    const { head, lines } = await exchange(trailers, method, old)
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\netag: "1"\r\n/)
    expect(head).not.toMatch(OF_BODY)
    expect(lines[0]).not.toHaveProperty('err')
  })
})

/** Ways to write a 103 before the answer. */
const HINTS: Record<string, (response: ServerResponse, done: () => void) => void> = {
  writeEarlyHints: (response, done) =>
    response.writeEarlyHints(
      { link: '</a>; rel=preload', 'Content-Length': '5', 'transfer-encoding': 'chunked' },
      done,
    ),
}

// Not there before Node 26.3.
if ('writeInformation' in ServerResponse.prototype) {
  HINTS.writeInformation = (response, done) =>
    response.writeInformation(103, { link: '</a>; rel=preload', 'content-length': '5' }, done)
  HINTS['writeInformation, a list'] = (response, done) => {
    const link = ['link', '</a>; rel=preload', 'content-length', '5']
    response.writeInformation(103, link as never, done)
  }
}

describe('an interim answer', () => {
  const hinting = (hint: (response: ServerResponse, done: () => void) => void): App =>
    listener(async (_, response) => {
      const written = Promise.withResolvers<void>()
      hint(response, () => written.resolve())
      await written.promise
      response.end('hi')
    })

  test.each(Object.entries(HINTS))(
    'says nothing of where its body ends, as it has none: %s',
    async (_what, hint) => {
      const { answer, head } = await exchange(hinting(hint))
      expect(head).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>; rel=preload$/i)
      expect(statusesIn(answer)).toEqual([103, 200, 200])
    },
  )

  test.each([
    ...Object.entries(HINTS),
    ['writeProcessing', (response, done) => (response.writeProcessing(), done())],
    ['writeContinue', (response, done) => response.writeContinue(done)],
  ] satisfies [string, (response: ServerResponse, done: () => void) => void][])(
    'is not sent to HTTP/1.0, which would take it for the answer: %s',
    async (_what, hint) => {
      const { answer } = await exchange(hinting(hint), 'GET', '1.0')
      expect(statusesIn(answer)).toEqual([200])
      expect(answer).toMatch(/\r\n\r\nhi$/)
    },
  )
})
