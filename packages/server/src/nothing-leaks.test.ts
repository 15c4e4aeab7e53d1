import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { IoError, TimeoutError } from '@yuzuru/concurrency'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, test, vi } from 'vitest'
import { rawExchange, statusesIn } from '../test/raw-exchange.ts'
import { onError } from './frameworks/fastify-problems.ts'
import type { App } from './listening/app.ts'
import { serve } from './listening/serve.ts'
import { HttpProblem } from './problems/http-problem.ts'
import { problem } from './problems/problem.ts'
import { writeProblem } from './problems/write-problem.ts'
import type { RequestLine } from './request/request-log.ts'

const WORDS = 'password=hunter2'

const withWords = (extra: object = {}): Error => Object.assign(new Error(WORDS), extra)

const io = (code: string): IoError =>
  new IoError(WORDS, {
    boundary: 'db',
    operation: 'query',
    code,
    retryable: false,
    outcome: 'none',
  })

/** What a handler may fail with; each holds words that nobody outside may read. */
const FAILURES: Readonly<Record<string, unknown>> = {
  'an error': withWords(),
  'a TypeError': new TypeError(WORDS),
  'a text': WORDS,
  'an object': { message: WORDS },
  'a function': () => WORDS,
  nothing: undefined,
  'an error with a status, as frameworks make them': withWords({
    status: 418,
    statusCode: 418,
    expose: true,
  }),
  'an error with headers': withWords({ headers: { 'x-secret': WORDS } }),
  'an error with a body': withWords({ body: WORDS, response: new Response(WORDS) }),
  'an error with a code of words': withWords({ code: WORDS }),
  'an error with a cause': new Error(WORDS, { cause: withWords() }),
  'several errors': new AggregateError([withWords(), withWords()], WORDS),
  'one error behind another': new SuppressedError(withWords(), withWords(), WORDS),
  'a problem with a cause': new HttpProblem(500, 'Sorry', { cause: withWords() }),
  'a failure of I/O': io('unexpected'),
  'a failure of I/O that is overloaded': io('overloaded'),
  'a failure of I/O that took too long': io('headers_timeout'),
  'an error whose message throws': Object.defineProperty(new Error('x'), 'message', {
    get: () => {
      throw withWords()
    },
  }),
}

const boom = (): never => {
  throw withWords()
}

const throwing = (error: Error, ...names: readonly string[]): Error => {
  for (const name of names) Object.defineProperty(error, name, { get: boom })
  return error
}

const changed = (error: Error, members: object): Error =>
  Object.defineProperties(
    error,
    Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { value }])),
  )

const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, boom]))
const revoked = Proxy.revocable(new Error('x'), {})
revoked.revoke()

/** What cannot be read, or not be sent any more: to look at it must not become a second failure. */
const HOSTILE: Readonly<Record<string, unknown>> = {
  'a proxy whose every trap throws': new Proxy(new Error('x'), traps),
  'a proxy that was revoked': revoked.proxy,
  'an error of getters': throwing(new Error('x'), 'name', 'message', 'stack', 'status', 'code'),
  'a problem whose fields cannot be read': throwing(new HttpProblem(422, 'x'), 'fields'),
  'a problem whose title cannot be read': throwing(new HttpProblem(422, 'x'), 'message'),
  'a problem of fields without end': changed(new HttpProblem(422, 'x'), { fields: cycle }),
  'a problem of fields that are no text': changed(new HttpProblem(422, 'x'), {
    fields: { toJSON: boom },
  }),
  'a problem of another header': changed(new HttpProblem(422, 'x'), {
    headers: { location: `a\r\nx-secret: ${WORDS}` },
  }),
  'a problem without headers': changed(new HttpProblem(422, 'x'), { headers: null }),
  'a problem of another status': changed(new HttpProblem(422, 'x'), { status: WORDS }),
  'a problem of a status of success': changed(new HttpProblem(422, 'x'), { status: 200 }),
  'a failure of I/O without a code': throwing(io('overloaded'), 'code'),
  'a failure of I/O whose code is no text': changed(io('x'), { code: { toString: boom } }),
  'a failure of I/O with a time that is none': changed(io('overloaded'), {
    retryAfterMs: `1\r\n${WORDS}`,
  }),
  'a failure of I/O with an outcome that is none': changed(io('x'), { outcome: WORDS }),
  'a timeout whose outcome cannot be read': throwing(
    new TimeoutError('x', { scope: 'x', timeoutMs: 1, outcome: 'none' }),
    'outcome',
  ),
  'an error of itself': changed(new Error(WORDS), { cause: cycle }),
}

type Fail = () => unknown

/** What a handler throws: the failure itself, which may not be looked at on its way. */
const unwrapped = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && !(given instanceof Error) && 'failure' in given
    ? given.failure
    : given

const APPS: Readonly<Record<string, (fail: Fail) => App | Promise<App>>> = {
  'a function': (fail) => async (_request: Request) => {
    throw unwrapped(await fail())
  },
  hono: (fail) =>
    new Hono()
      .get('*', async () => {
        throw unwrapped(await fail())
      })
      .onError((error, c) => problem(error, c.req.header('accept'))),
  express: (fail) => {
    const app = express()
    app.get('/', async () => {
      throw unwrapped(await fail())
    })
    app.use(((error, request, response, _next) => {
      writeProblem(error, request, response)
    }) satisfies express.ErrorRequestHandler)
    return app
  },
  fastify: async (fail) => {
    const app = fastify().setErrorHandler(onError)
    app.get('/', async () => {
      throw unwrapped(await fail())
    })
    await app.ready()
    return (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
  },
  'a Node listener': (fail) => async (_request: IncomingMessage, _response: ServerResponse) => {
    throw unwrapped(await fail())
  },
}

/** All that comes back for a request, and its line of the log. */
async function exchange(
  app: App,
  accept = 'application/json',
): Promise<{ readonly answer: string; readonly line: RequestLine | undefined }> {
  const lines: RequestLine[] = []
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  await using server = await serve(app, { lingerMs: 0, log })
  const bytes = `GET / HTTP/1.1\r\nHost: a\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`
  const answer = await rawExchange(server.port, bytes)
  await server.close()
  expect(lines).toHaveLength(1)
  return { answer, line: lines[0] }
}

const expectNothing = (answer: string): void => {
  expect(answer).not.toMatch(/hunter2|x-secret|\bat .*:\d+|node_modules|\.ts\b|file:/)
}

describe.each(Object.entries(APPS))('%s:', (name, make) => {
  test.each(Object.entries(FAILURES))('no word of %s is in an answer', async (_what, failure) => {
    vi.spyOn(console, 'error').mockReturnValue()
    for (const accept of ['application/json', 'text/html']) {
      const { answer, line } = await exchange(await make(() => failure), accept)
      expectNothing(answer)
      // Express hands no error to its handlers where there is none.
      if (failure === undefined) continue
      const [status] = statusesIn(answer)
      // Its own handler of errors takes what is made to be shown for a refusal; see frameworks/refusal.ts.
      const isRefusal = name === 'fastify' && Object.hasOwn(Object(failure), 'expose')
      expect(status).toBeGreaterThanOrEqual(isRefusal ? 418 : 500)
      expect(answer).toContain(line?.requestId)
      if (status === 500) expect(line).toHaveProperty('err')
    }
  })
})

describe.each(Object.entries(APPS))('%s:', (_name, make) => {
  test.each(Object.entries(HOSTILE))(
    'what cannot be read of a failure makes no second one: %s',
    async (_what, failure) => {
      // Given as it is: a promise would look for its `then`.
      const app = await make(() => ({ failure }))
      const { answer, line } = await exchange(app)
      expectNothing(answer)
      expect(statusesIn(answer)).toEqual([500])
      expect(answer).toContain(`"requestId":"${line?.requestId}"`)
      expect(line).toHaveProperty('err')
    },
  )
})

const half = async function* (): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half')
  await new Promise((resolve) => void setImmediate(resolve))
  throw withWords()
}

/** Failures once the head of the answer has left, or is about to. */
const LATE: Readonly<Record<string, App>> = {
  'a function, its stream': async (_request: Request) => new Response(ReadableStream.from(half())),
  'a function, its stream with a length': async (_request: Request) =>
    new Response(ReadableStream.from(half()), { headers: { 'content-length': '100' } }),
  'a function, its stream from the start': async (_request: Request) =>
    new Response(new ReadableStream({ pull: (controller) => controller.error(withWords()) })),
  'a function, an error’s stream': async (_request: Request) =>
    new Response(ReadableStream.from(half()), { status: 502 }),
  'hono, its stream': new Hono().get('*', (c) => c.body(ReadableStream.from(half()))),
  'a Node listener': async (_request: IncomingMessage, response: ServerResponse) => {
    response.write('half')
    await new Promise((resolve) => void setImmediate(resolve))
    throw withWords()
  },
}

test.each(Object.entries(LATE))(
  'an answer that fails on its way is cut, not ended, without a word: %s',
  async (_how, app) => {
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const { answer, line } = await exchange(app)
    expectNothing(answer)
    // Chunks without their end, or less than the length.
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(line?.err).toMatchObject({ message: WORDS })
    expect(error).not.toHaveBeenCalled()
  },
)

test('an answer of a stream is whole, and its reader’s leaving ends it', async () => {
  const ended = Promise.withResolvers<unknown>()
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(1_000)
    } finally {
      ended.resolve('ended')
    }
  }
  const app = async (request: Request): Promise<Response> =>
    request.url.endsWith('/endless')
      ? new Response(ReadableStream.from(chunks()))
      : new Response(ReadableStream.from([Buffer.from('a'), Buffer.from('b')]), {
          status: 201,
          headers: { 'x-own': 'yes' },
        })
  await using server = await serve(app, { lingerMs: 0 })
  const answer = await fetch(server.url, { headers: { connection: 'close' } })
  expect([answer.status, answer.headers.get('x-own'), await answer.text()]).toEqual([
    201,
    'yes',
    'ab',
  ])
  const leaving = new AbortController()
  const endless = await fetch(`${server.url}/endless`, { signal: leaving.signal })
  await endless.body?.getReader().read()
  leaving.abort()
  expect(await ended.promise).toBe('ended')
})

describe('what Node itself refuses says nothing but its status', () => {
  const head = 'HTTP/1.1 %s\r\nConnection: close\r\n\r\n'

  test.each([
    ['400 Bad Request', `GET / HTTP/9.9 ${WORDS}\r\n\r\n`],
    ['400 Bad Request', `${WORDS}\r\n\r\n`],
    ['408 Request Timeout', `GET / HTTP/1.1\r\nX: ${WORDS}`],
    [
      '413 Payload Too Large',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;hunter2${'x'.repeat(2 ** 15)}`,
    ],
    ['431 Request Header Fields Too Large', `GET / HTTP/1.1\r\nX: ${WORDS.repeat(5_000)}\r\n\r\n`],
  ])('%s', async (status, bytes) => {
    const begun = vi.fn()
    const app = async (request: IncomingMessage, _response: ServerResponse): Promise<void> => {
      begun()
      await once(request, 'close')
    }
    // Only the one that is to be too slow.
    const headersTimeoutMs = status.startsWith('408') ? 50 : 10_000
    const limits = { headersTimeoutMs, bodyTimeoutMs: 10_000 }
    await using server = await serve(app, { lingerMs: 0, limits })
    expect(await rawExchange(server.port, bytes)).toBe(head.replace('%s', status))
  })
})
