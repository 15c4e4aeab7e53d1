import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { sleep } from '@yuzuru/concurrency'
import express from 'express'
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import type { RequestLine } from '../request/request-log.ts'
import type { App } from './app.ts'
import { serve } from './serve.ts'
import type { ServeOptions } from './serve-options.ts'

afterEach(() => vi.restoreAllMocks())

const SECRET = 'hunter2'

const get = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`

/** All that comes back for some bytes, the lines of the log, and what was printed. */
async function exchange(app: App, bytes: string, options: ServeOptions = {}) {
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'info')].map((spy) =>
    spy.mockReturnValue(),
  )
  const lines: RequestLine[] = []
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  await using server = await serve(app, { lingerMs: 0, log, ...options })
  const answer = await rawExchange(server.port, bytes)
  await server.close()
  return { answer, lines, printed: printed.flatMap((spy) => spy.mock.calls) }
}

const chunks = (...all: unknown[]): ReadableStream => ReadableStream.from(all)

/** Responses that cannot be sent as they are; each is made anew. */
const UNSENDABLE: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'a text': () => SECRET,
  'an object': () => ({ secret: SECRET }),
  'an object like a response': () => ({ status: 200, headers: {}, body: SECRET }),
  'an error’s response': () => Response.error(),
  'a header with a line break': () =>
    new Response('', { headers: { [`x-${SECRET}`]: 'a\r\nset-cookie: b' } }),
  'a header that Node does not send': () =>
    new Response(chunks(Buffer.from('a')), { headers: new Headers({ [`x-${SECRET}`]: '\u0001' }) }),
  'a header of letters beyond Latin': () =>
    new Response('', { headers: { [`x-${SECRET}`]: '計' } }),
  'the name of a header with a blank': () =>
    new Response('', { headers: { [`x ${SECRET}`]: 'a' } }),
  'a body that is locked': () => {
    const response = new Response(SECRET)
    response.body?.getReader()
    return response
  },
  'a body that was read': async () => {
    const response = new Response(SECRET)
    await response.text()
    return response
  },
  'no body, with a length': () => new Response(null, { headers: { 'content-length': '5' } }),
  'a text that is longer than its length': () =>
    new Response('0123456789', { headers: { 'content-length': '5' } }),
  'a length that is no number': () => new Response('0', { headers: { 'content-length': 'abc' } }),
  'two lengths': () =>
    new Response('0', {
      headers: [
        ['content-length', '1'],
        ['content-length', '1'],
      ],
    }),
  'a coding of its own': () => new Response('0', { headers: { 'transfer-encoding': 'gzip' } }),
  'a length and chunks': () =>
    new Response('0', { headers: { 'content-length': '1', 'transfer-encoding': 'chunked' } }),
  'bytes that are shorter than their length': () =>
    new Response(Buffer.from('012'), { headers: [['Content-Length', '5']] }),
}

describe('what a handler gives and cannot be sent', () => {
  test.each(Object.entries(UNSENDABLE))(
    'is a 500 without a word of it, prints nothing, and the next answer is whole: %s',
    async (_what, make) => {
      const app = async (request: Request): Promise<Response> =>
        request.url.endsWith('/next') ? new Response('next') : ((await make()) as Response)
      const bytes = get('/') + get('/next', 'Connection: close\r\n')
      const { answer, lines, printed } = await exchange({ fetch: app }, bytes)
      expect(statusesIn(answer)).toEqual([500, 200])
      expect(answer).not.toMatch(/hunter2|character|Error:/)
      expect(answer).toMatch(/requestId":"[\w-]+"\}HTTP\/1\.1 200 OK[^]*\r\n\r\nnext$/)
      expect(lines).toMatchObject([{ status: 500, err: expect.any(Error) }, { status: 200 }])
      expect(printed).toEqual([])
    },
  )

  describe.each(['chunked', 'gzip, chunked'])('an answer in %s that is passed on', (coding) => {
    const headers = { 'Transfer-Encoding': coding }
    test.each(
      Object.entries<() => Response | Promise<Response>>({
        'a stream': () => new Response(chunks(Buffer.from('a')), { headers }),
        'a text': () => new Response('a', { headers }),
        bytes: () => new Response(Buffer.from('a'), { headers }),
        'a text in headers of their own': () =>
          new Response('a', { headers: new Headers(headers) }),
        nothing: () => new Response(null, { headers }),
        'a text, later': async () => new Response('a', { headers }),
      }),
    )('is sent whole, and names no length beside its chunks: %s', async (_what, make) => {
      const app = (request: Request): Response | Promise<Response> =>
        request.url.endsWith('/next') ? new Response('next') : make()
      const bytes = get('/') + get('/next', 'Connection: close\r\n')
      const { answer, lines } = await exchange({ fetch: app }, bytes)
      expect(statusesIn(answer)).toEqual([200, 200])
      const [head = ''] = answer.split('\r\n\r\n')
      expect(head).toContain(coding)
      expect(head).not.toMatch(/content-length/i)
      expect(answer).toMatch(/\r\n0\r\n\r\nHTTP\/1\.1 200 OK[^]*\r\n\r\nnext$/)
      expect(lines.every(({ err }) => err === undefined)).toBe(true)
    })
  })

  test('is a 500 also where there was no wait', async () => {
    const app = (): Response => new Response('', { headers: { 'x-a': 'b\nc' } })
    const { answer, printed } = await exchange(app, get('/', 'Connection: close\r\n'))
    expect([statusesIn(answer), printed]).toEqual([[500], []])
  })

  test('a length without a body is no fault where there is none to send', async () => {
    const headers = { 'content-length': '5' }
    const app = async (request: Request): Promise<Response> =>
      new Response(null, { status: request.method === 'HEAD' ? 200 : 304, headers })
    const head = get('/').replace('GET', 'HEAD')
    const { answer } = await exchange(app, head + get('/', 'Connection: close\r\n'))
    expect(statusesIn(answer)).toEqual([200, 304])
  })
})

/** Streams that cannot be sent to their end. */
const BROKEN: Readonly<Record<string, () => Response>> = {
  'longer than its length': () =>
    new Response(chunks(Buffer.from('012'), Buffer.from('345')), {
      headers: { 'content-length': '5' },
    }),
  'shorter than its length': () =>
    new Response(chunks(Buffer.from('012')), { headers: { 'content-length': '5' } }),
  'of something else than bytes': () => new Response(chunks(Buffer.from('0'), { secret: SECRET })),
}

test.each(Object.entries(BROKEN))(
  'a stream is cut, with its failure in the log: %s',
  async (_what, make) => {
    const app = async (): Promise<Response> => make()
    const { answer, lines, printed } = await exchange(app, get('/') + get('/next'))
    expect(statusesIn(answer).length).toBeLessThan(2)
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$|345/)
    expect(lines[0]?.err).toBeInstanceOf(TypeError)
    expect(printed).toEqual([])
  },
)

test('a stream that swallows the end of its time is cut, and does not look whole', async () => {
  const app = new Hono().get('*', (c) =>
    stream(c, async (out) => {
      await out.write('half')
      await sleep(Infinity).catch(() => {})
    }),
  )
  const { answer } = await exchange(app, get('/'), { maxRequestMs: 50 })
  expect(answer).toContain('half')
  expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
})

test('the stream of an answer to HEAD is given up: what is behind it does not wait for its end', async () => {
  const given = Promise.withResolvers<unknown>()
  const app = ({ method }: Request): Response => {
    if (method !== 'HEAD') return new Response('next')
    const endless = { pull: () => new Promise<void>(() => {}), cancel: given.resolve }
    return new Response(new ReadableStream(endless), { headers: { 'content-length': '9' } })
  }
  const bytes = `HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${get('/next', 'Connection: close\r\n')}`
  const { answer, lines } = await exchange(app, bytes)
  expect(statusesIn(answer)).toEqual([200, 200])
  expect(answer).toMatch(/^content-length: 9\r$/im)
  expect(lines.map(({ err }) => err)).toEqual([undefined, undefined])
  await given.promise
})

test('a client that leaves a stream is no failure of the server', async () => {
  const lines: RequestLine[] = []
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  const ended = Promise.withResolvers<void>()
  const app = async (): Promise<Response> =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.from('a')),
        cancel: () => ended.resolve(),
      }),
    )
  await using server = await serve(app, { lingerMs: 0, log })
  const socket = connect(server.port, '127.0.0.1')
  socket.write(get('/'))
  await once(socket, 'data')
  socket.destroy()
  await ended.promise
  await server.close()
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toHaveProperty('err')
})

/** Handlers that go on behind their own answer. */
const TWICE: Readonly<Record<string, App>> = {
  'ends twice': (_request: IncomingMessage, response: ServerResponse) => {
    response.end('one')
    response.end(SECRET)
  },
  'writes behind its end': async (_request: IncomingMessage, response: ServerResponse) => {
    response.end('one')
    response.write(SECRET)
  },
  'throws behind its end': (_request: IncomingMessage, response: ServerResponse) => {
    response.end('one')
    throw new Error(SECRET)
  },
  'writes a second head': async (_request: IncomingMessage, response: ServerResponse) => {
    response.end('one')
    response.writeHead(201)
  },
}

test.each(Object.entries(TWICE))(
  'a handler that goes on behind its answer has that in the log, and nothing else: %s',
  async (_how, app) => {
    const { answer, lines } = await exchange(app, get('/') + get('/', 'Connection: close\r\n'))
    expect(statusesIn(answer)).toEqual([200, 200])
    expect(answer).toMatch(/\r\n\r\noneHTTP[^]*\r\n\r\none$/)
    expect(lines).toMatchObject([{ err: expect.any(Error) }, { err: expect.any(Error) }])
  },
)

test.each(['gives', 'throws'])(
  'a handler of the Web platform that has begun by itself and %s is cut',
  async (how) => {
    const app = async (
      _request: Request,
      { outgoing }: { outgoing: ServerResponse },
    ): Promise<Response> => {
      outgoing.write('half')
      if (how === 'throws') throw new Error(SECRET)
      return new Response(SECRET)
    }
    const { answer, lines, printed } = await exchange({ fetch: app }, get('/'))
    expect(answer).not.toMatch(/hunter2|Error|\r\n0\r\n\r\n$/)
    expect(lines).toMatchObject([{ err: expect.any(Error) }])
    expect(printed).toEqual([])
  },
)

describe('express without handlers of its own', () => {
  test('has a problem for a failure, without a word of it', async () => {
    const app = express().get('/', () => {
      throw new Error(SECRET)
    })
    const { answer, lines, printed } = await exchange(app, get('/', 'Connection: close\r\n'))
    expect(statusesIn(answer)).toEqual([500])
    expect(answer).toContain('application/problem+json')
    expect(answer).not.toMatch(/hunter2|node_modules/)
    expect(lines).toMatchObject([{ err: { message: SECRET } }])
    expect(printed).toEqual([])
  })

  test('has a problem for a path that no route has', async () => {
    const { answer } = await exchange(express(), get('/none', 'Connection: close\r\n'))
    expect(statusesIn(answer)).toEqual([404])
    expect(answer).toContain('"title":"Not Found"')
  })
})

test('the phrase of an answer that a handler did not finish is not sent', async () => {
  const app = (_request: IncomingMessage, response: ServerResponse): never => {
    response.statusMessage = SECRET
    throw new Error('x')
  }
  const { answer } = await exchange(app, get('/', 'Connection: close\r\n'))
  expect(answer).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
})

test('a request of HTTP/1.0 without a host is served', async () => {
  const app = async (request: Request): Promise<Response> => new Response(request.url)
  const { answer } = await exchange(app, 'GET /health HTTP/1.0\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*http:\/\/localhost\/health$/)
})
