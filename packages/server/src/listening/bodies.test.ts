import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { TestClock } from '@yuzuru/concurrency/testing'
import express from 'express'
import { Hono } from 'hono'
import { request as undiciRequest } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import { writeProblem } from '../problems/write-problem.ts'
import type { App } from './app.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'
import type { ServeOptions } from './serve-options.ts'

const serving = async (app: App, options: ServeOptions = {}): Promise<HttpServer> => {
  const server = await serve(app, { lingerMs: 0, ...options })
  onTestFinished(() => server.close({ drainMs: 0 }))
  return server
}

/** Apps that read their request whole, each in its own way. */
const READERS: Readonly<Record<string, (begun: () => void) => App>> = {
  'a function, text()': (begun) => async (request: Request) => {
    begun()
    return new Response(`${(await request.text()).length}`)
  },
  'a function, its stream': (begun) => async (request: Request) => {
    begun()
    let length = 0
    for await (const chunk of request.body ?? []) length += chunk.length
    return new Response(`${length}`)
  },
  hono: (begun) =>
    new Hono().post('/', async (c) => {
      begun()
      return c.text(`${(await c.req.text()).length}`)
    }),
  express: (begun) => {
    const parse = express.text({ limit: Infinity, type: () => true })
    const app = express().use((_request, _response, next) => {
      begun()
      next()
    }, parse)
    app.post('/', (request, response) => void response.send(`${(request.body as string).length}`))
    app.use(((error, request, response, _next) => {
      writeProblem(error, request, response)
    }) satisfies express.ErrorRequestHandler)
    return app
  },
  'a Node listener': (begun) => async (request: IncomingMessage, response: ServerResponse) => {
    begun()
    response.end(`${(await text(request)).length}`)
  },
  'a Node listener that reads late':
    (begun) => async (request: IncomingMessage, response: ServerResponse) => {
      begun()
      for (let turn = 0; turn < 50; turn += 1) await setImmediate()
      response.end(`${(await text(request)).length}`)
    },
}

const setImmediate = (): Promise<void> =>
  new Promise((resolve) => void globalThis.setImmediate(resolve))

const post = async (
  { port }: HttpServer,
  body: string,
  headers: Record<string, string | number>,
): Promise<[number | undefined, string]> => {
  const sent = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers, agent: false })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return [answer.statusCode, await text(answer)]
}

describe('limits.maxBodyBytes', () => {
  describe.each(Object.entries(READERS))('%s:', (_name, make) => {
    test('a body that says that it is longer is refused before the handler begins', async () => {
      const begun = vi.fn()
      const server = await serving(make(begun), { limits: { maxBodyBytes: 1_000 } })
      const [status, body] = await post(server, 'a'.repeat(1_001), { 'content-length': 1_001 })
      expect([status, JSON.parse(body)]).toEqual([
        413,
        expect.objectContaining({ code: 'too_large', requestId: expect.any(String) }),
      ])
      expect(begun).not.toHaveBeenCalled()
    })

    test.each([1_001, 500_000])('one of chunks is refused as it comes: %i', async (length) => {
      const begun = vi.fn()
      const server = await serving(make(begun), { limits: { maxBodyBytes: 1_000 } })
      const chunked = { 'transfer-encoding': 'chunked' }
      const [status, body] = await post(server, 'a'.repeat(length), chunked)
      expect([status, JSON.parse(body)]).toMatchObject([413, { code: 'too_large' }])
      expect(begun).toHaveBeenCalledTimes(1)
    })

    test.each([{ 'content-length': 1_000 }, { 'transfer-encoding': 'chunked' }])(
      'one that fits is read: %o',
      async (headers) => {
        const server = await serving(
          make(() => {}),
          { limits: { maxBodyBytes: 1_000 } },
        )
        expect(await post(server, 'a'.repeat(1_000), headers)).toEqual([200, '1000'])
      },
    )
  })

  test.each([
    [1_048_576, 200],
    [1_048_577, 413],
  ])('is a mebibyte by default: %i bytes are answered %i', async (length, status) => {
    const server = await serving(async () => new Response('ok'))
    const body = 'a'.repeat(length)
    expect((await post(server, body, { 'content-length': length }))[0]).toBe(status)
  })

  test('may be each request’s own', async () => {
    const maxBodyBytes = ({ url }: IncomingMessage): number => (url === '/files' ? Infinity : 10)
    const server = await serving(async () => new Response('ok'), { limits: { maxBodyBytes } })
    const send = async (path: string): Promise<number> =>
      (await fetch(server.url + path, { method: 'POST', body: 'a'.repeat(11) })).status
    expect([await send('/'), await send('/files')]).toEqual([413, 200])
  })

  test.each([() => -1, () => Number.NaN, () => '1', () => raise()])(
    'whose function fails costs its request a 500, and begins nothing: %s',
    async (maxBodyBytes) => {
      const handler = vi.fn(async (): Promise<Response> => new Response('ok'))
      const server = await serving(handler, { limits: { maxBodyBytes: maxBodyBytes as never } })
      const [status, body] = await post(server, 'a', { 'content-length': 1 })
      expect([status, body]).toEqual([500, expect.not.stringContaining('hunter2')])
      expect(handler).not.toHaveBeenCalled()
    },
  )
})

const MEGABYTES = 50
const CHUNK = Buffer.alloc(2 ** 20)

async function* upload(): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < MEGABYTES; sent += 1) yield CHUNK
}

interface Uploaded {
  readonly status: number | undefined
  readonly body: string
}

type Upload = (server: HttpServer, headers: Record<string, string>) => Promise<Uploaded>

/** How clients upload: a failure before the whole answer was read is thrown. */
const CLIENTS: Readonly<Record<string, Upload>> = {
  'a client that reads when all is sent': async (server, headers) => {
    const socket = await connected(server)
    socket.pause()
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n`)
    const isChunked = headers['transfer-encoding'] !== undefined
    for await (const chunk of upload()) {
      if (isChunked) socket.write(`${chunk.length.toString(16)}\r\n`)
      const more = socket.write(chunk)
      if (isChunked) socket.write('\r\n')
      if (!more) await once(socket, 'drain')
    }
    if (isChunked) socket.write('0\r\n\r\n')
    return await wholeAnswer(socket)
  },
  'node:http': async ({ port }, headers) => {
    const sent = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers, agent: false })
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>
    const send = async (): Promise<void> => {
      for await (const chunk of upload()) if (!sent.write(chunk)) await once(sent, 'drain')
      sent.end()
    }
    // It may be cut once the answer was read.
    void send().catch(() => {})
    const [answer] = await answered
    return { status: answer.statusCode, body: await text(answer) }
  },
  undici: async ({ url }, given) => {
    const { 'content-length': length } = given
    const headers = length === undefined ? {} : { 'content-length': length }
    const body = Readable.from(upload())
    const answer = await undiciRequest(url, { method: 'POST', headers, body })
    return { status: answer.statusCode, body: await answer.body.text() }
  },
}

async function connected({ port }: HttpServer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function wholeAnswer(socket: Socket): Promise<Uploaded> {
  let answer = ''
  for await (const chunk of socket) {
    answer += String(chunk)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
    if (body.length >= length) return { status: statusesIn(head)[0], body }
  }
  throw new Error(`Expected a whole answer, got ${answer}`)
}

const unauthorized = (): never => {
  throw new HttpProblem(401, 'Who are you?', { code: 'unauthenticated' })
}

/** Apps that refuse what is still on its way. */
const REFUSERS: Readonly<Record<string, readonly [status: number, app: App]>> = {
  'a function, 401': [401, async (_request: Request) => unauthorized()],
  'a function, 401 once it has read a little': [
    401,
    async (request: Request) => {
      await request.body?.getReader().read()
      return unauthorized()
    },
  ],
  'hono, 401': [401, new Hono().post('/', (c) => c.text('Who are you?', 401))],
  'a Node listener, 401': [
    401,
    (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(401, { 'content-length': 12 }).end('Who are you?')
    },
  ],
  'a Node listener, 401 once it has read a little': [
    401,
    async (request: IncomingMessage, response: ServerResponse) => {
      await once(request, 'readable')
      request.read(10)
      response.writeHead(401, { 'content-length': 12 }).end('Who are you?')
    },
  ],
  'a function, 413': [413, async (request: Request) => new Response(await request.text())],
  'a Node listener, 413': [
    413,
    async (request: IncomingMessage, response: ServerResponse) => response.end(await text(request)),
  ],
}

const LENGTH = String(MEGABYTES * CHUNK.length)

const FRAMES: Readonly<Record<string, Record<string, string>>> = {
  'of a known length': { 'content-length': LENGTH },
  'in chunks': { 'transfer-encoding': 'chunked' },
  'with Connection: close': { 'content-length': LENGTH, connection: 'close' },
}

describe('an answer before the end of an upload is read whole', () => {
  describe.each(Object.entries(REFUSERS))('%s:', (_app, [status, app]) => {
    describe.each(Object.entries(FRAMES))('%s:', (_frame, headers) => {
      test.each(Object.entries(CLIENTS))('%s', async (_client, send) => {
        const maxBodyBytes = status === 413 ? 1_000 : Infinity
        const server = await serving(app, { limits: { maxBodyBytes } })
        const answer = await send(server, headers)
        expect(answer.status).toBe(status)
        expect(answer.body).toMatch(/Who are you\?|Content Too Large/)
      })
    })
  })

  test('keeps a connection on which little more was to come', async () => {
    const server = await serving(async () => new Response('no', { status: 401 }))
    const socket = await connected(server)
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n'
    socket.write(`${head}\r\n`)
    const [first] = (await once(socket, 'data')) as [Buffer]
    socket.write(`0123456789${head}Connection: close\r\n\r\n0123456789`)
    const rest = await text(socket)
    expect(statusesIn(String(first) + rest)).toEqual([401, 401])
  })

  test('does not last for ever: a client that stops sending is cut after a while', async () => {
    using clock = TestClock.install()
    const server = await serving(async () => new Response('no', { status: 401 }))
    const socket = await connected(server)
    const closed = once(socket, 'close')
    socket.on('error', () => {})
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(String(answer))).toEqual([401])
    // Twice: what had come since the first look counts as a sign of life.
    while (clock.pending > 0) await clock.advance(5_000)
    await closed
  })

  test('does not last for ever: a client that goes on and on is cut', async () => {
    const server = await serving(async () => new Response('no', { status: 401 }), {
      limits: { maxBodyBytes: Infinity },
    })
    const socket = await connected(server)
    socket.on('error', () => {}).resume()
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    let sent = 0
    while (!socket.destroyed && sent < 1_000) {
      socket.write(`${CHUNK.length.toString(16)}\r\n`)
      socket.write(CHUNK)
      sent += 1
      if (!socket.write('\r\n')) {
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {})
      }
    }
    // 64 MiB, and what the buffers of the system hold.
    expect(sent).toBeLessThan(200)
  })
})

describe('Expect: 100-continue', () => {
  const ask = (headers: string): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n${headers}\r\n`

  test('a refusal comes before the body is asked for', async () => {
    const server = await serving(async () => new Response('ok'), { limits: { maxBodyBytes: 10 } })
    const answer = await rawExchange(server.port, ask('Content-Length: 11\r\n'))
    expect(statusesIn(answer)).toEqual([413])
  })

  test('a handler that does not read answers at once, and the connection ends', async () => {
    const server = await serving(async () => new Response('who?', { status: 401 }))
    const answer = await rawExchange(server.port, ask('Content-Length: 10\r\n'))
    expect(statusesIn(answer)).toEqual([401])
    expect(answer).toMatch(/connection: close/i)
  })

  test.each(Object.entries(READERS))(
    '%s: a handler that reads is sent the body',
    async (_name, make) => {
      const server = await serving(make(() => {}))
      const socket = await connected(server)
      socket.write(ask('Content-Length: 2\r\nConnection: close\r\n'))
      const [first] = (await once(socket, 'data')) as [Buffer]
      expect(statusesIn(String(first))).toEqual([100])
      socket.write('hi')
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 [^]*2$/)
    },
  )
})

test('a handler that does not read holds its client back', async () => {
  const begun = Promise.withResolvers<IncomingMessage>()
  const gate = Promise.withResolvers<void>()
  const app = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    begun.resolve(request)
    await once(request, 'readable')
    await gate.promise
    let length = 0
    for await (const chunk of request) length += (chunk as Buffer).length
    response.end(String(length))
  }
  const server = await serving(app, { limits: { maxBodyBytes: Infinity } })
  const socket = await connected(server)
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LENGTH}\r\n\r\n`)
  let isSent = false
  const send = async (): Promise<void> => {
    for await (const chunk of upload()) if (!socket.write(chunk)) await once(socket, 'drain')
    isSent = true
  }
  const sent = send()
  const request = await begun.promise
  // Until nothing moves any more.
  for (let still = 0, before = -1; still < 200; still += 1) {
    if (request.socket.bytesRead !== before) still = 0
    before = request.socket.bytesRead
    await setImmediate()
  }
  expect(request.socket.bytesRead).toBeLessThan(2 ** 21)
  expect(isSent).toBe(false)
  gate.resolve()
  await sent
  expect((await wholeAnswer(socket)).body).toBe(LENGTH)
})

describe('a client that is too slow', () => {
  const limits = { headersTimeoutMs: 50, bodyTimeoutMs: 100 }

  test.each([
    ['that sends nothing', ''],
    ['with its head', 'POST / HTTP/1.1\r\nHost: a\r\nX: '],
    ['with its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n'],
    [
      'with its chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
    ],
  ])('%s gets a bare 408 and is cut, and its handler ends', async (_how, bytes) => {
    const ended = Promise.withResolvers<unknown>()
    const app = async (request: IncomingMessage, _response: ServerResponse): Promise<void> => {
      await text(request).then(ended.resolve, ended.resolve)
    }
    const server = await serving(app, { limits })
    const answer = await rawExchange(server.port, bytes)
    expect(answer).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    if (bytes.includes('\r\n\r\n')) expect(await ended.promise).toBeInstanceOf(Error)
  })

  test('that drips its head byte by byte is cut all the same', async () => {
    const server = await serving(async () => new Response('ok'), { limits })
    const socket = await connected(server)
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n')
    const drip = setInterval(() => socket.write('X: a\r\n'), 5)
    onTestFinished(() => clearInterval(drip))
    expect(statusesIn(await text(socket).catch(() => ''))).toEqual([408])
  })

  test('with the body of a request that was answered gets no second answer', async () => {
    const server = await serving(async () => new Response('no', { status: 401 }), { limits })
    const bytes = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n'
    expect(statusesIn(await rawExchange(server.port, bytes))).toEqual([401])
  })
})

function raise(): never {
  throw new RangeError('password=hunter2')
}
