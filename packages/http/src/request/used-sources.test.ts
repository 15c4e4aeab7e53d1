import { once } from 'node:events'
import { createServer } from 'node:net'
import { Readable } from 'node:stream'
import { retry } from '@yuzuru/concurrency/resilience'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import { HttpError } from '../errors/http-error.ts'
import type { BodyContent } from './request-body.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
let http: Http
beforeEach(async () => {
  server = await startScriptedServer()
  http = createHttp({ origin: server.url, retry: { baseDelayMs: 0 } })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  await server.close()
})

async function* generator(): AsyncGenerator<string> {
  yield 'all of it'
}

/** What comes only once. */
const ONCE: readonly [string, () => BodyContent][] = [
  ['a Node stream', () => Readable.from(['all of it'])],
  ['a web stream', () => new Blob(['all of it']).stream()],
  ['a generator', generator],
]

const put = (body: BodyContent): Promise<unknown> => http.request('/o', { method: 'PUT', body })

async function failureOf(promise: Promise<unknown>): Promise<HttpError> {
  const error: unknown = await promise.catch((reason: unknown) => reason)
  if (HttpError.isInstance(error)) return error
  throw new Error('Expected an HttpError', { cause: error })
}

describe('a body that comes only once', () => {
  test.each(ONCE)(
    '%s is refused, before anything is sent, once it was sent',
    async (_name, make) => {
      const body = make()
      server.reply({})
      await put(body)
      await expect(put(body)).rejects.toThrow(TypeError)
      expect(server.requests.map((request) => request.body.toString())).toEqual(['all of it'])
    },
  )

  test.each(ONCE)('%s makes no failure retryable once it was begun', async (_name, make) => {
    for (const reply of [{ status: 503 }, { status: 429 }, 'reset', 'drop'] as const) {
      const body = make()
      server.reply(reply)
      expect(await failureOf(put(body))).toMatchObject({ retryable: false })
      await expect(put(body)).rejects.toThrow(TypeError)
    }
    expect(server.requests).toHaveLength(4)
  })

  test.each(ONCE)('%s is never stored empty by a caller who repeats', async (_name, make) => {
    const body = make()
    server.reply({ status: 503 })
    server.otherwise({})
    const again = (): Promise<unknown> => put(body)
    await expect(retry(again, { attempts: 3, baseDelayMs: 0 })).rejects.toMatchObject({
      status: 503,
    })
    expect(server.requests).toHaveLength(1)
  })

  test.each(ONCE)('%s is used up also when no connection was found', async (_name, make) => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as { port: number }
    await new Promise((resolve) => probe.close(resolve))
    await using nowhere = createHttp({ origin: `http://127.0.0.1:${port}` })
    const body = make()
    const failed = await failureOf(nowhere.request('/', { method: 'PUT', body }))
    expect(failed).toMatchObject({ code: 'connection_failed', outcome: 'none', retryable: false })
    await expect(put(body)).rejects.toThrow(TypeError)
    expect(server.requests).toHaveLength(0)
  })

  test.each(ONCE)(
    '%s can still be sent after a refusal that left it alone',
    async (_name, make) => {
      await using narrow = createHttp({ origin: server.url, connections: 1, queue: 0 })
      const gate = Promise.withResolvers<void>()
      server.reply({ after: gate.promise }, {})
      const first = narrow.request('/')
      await server.received(1)
      const body = make()
      const refused = await failureOf(narrow.request('/', { method: 'PUT', body }))
      expect(refused).toMatchObject({ code: 'overloaded', retryable: true })
      gate.resolve()
      await first
      await narrow.request('/', { method: 'PUT', body })
      expect(server.requests[1]?.body.toString()).toBe('all of it')
    },
  )

  test.each(ONCE)('%s that two calls share goes out with one of them', async (_name, make) => {
    await using narrow = createHttp({ origin: server.url, connections: 1 })
    server.otherwise({})
    const body = make()
    const calls = [1, 2].map(() => narrow.request('/', { method: 'PUT', body }))
    const [first, second] = await Promise.allSettled(calls)
    expect(first?.status).toBe('fulfilled')
    expect(second).toMatchObject({
      reason: { code: 'request_body_failed', outcome: 'none', retryable: false },
    })
    expect(server.requests.map((request) => request.body.toString())).toEqual(['all of it'])
  })

  const gone: readonly [string, () => BodyContent | Promise<BodyContent>][] = [
    [
      'a Node stream that was read to its end',
      async () => {
        const stream = Readable.from(['x'])
        for await (const _ of stream);
        return stream
      },
    ],
    ['a Node stream that was destroyed', () => Readable.from(['x']).destroy()],
    [
      'a Node stream that failed',
      async () => {
        const stream = Readable.from(['x'])
        stream.on('error', () => undefined).destroy(new Error('disk'))
        await new Promise((resolve) => stream.on('close', resolve))
        return stream
      },
    ],
    [
      'a Node stream of an answer that was read',
      async () => {
        server.reply({ body: 'x' })
        const stream = (await http.stream('/')).readable()
        for await (const _ of stream);
        server.requests.length = 0
        return stream
      },
    ],
    [
      'a web stream that was read to its end',
      async () => {
        const stream = new Blob(['x']).stream()
        for await (const _ of stream);
        return stream
      },
    ],
    [
      'a web stream that was read in part',
      async () => {
        const stream = new Blob(['x']).stream()
        const reader = stream.getReader()
        await reader.read()
        reader.releaseLock()
        return stream
      },
    ],
    [
      'a web stream that was cancelled',
      async () => {
        const stream = new Blob(['x']).stream()
        await stream.cancel()
        return stream
      },
    ],
    [
      'a web stream with a reader',
      () => {
        const stream = new Blob(['x']).stream()
        stream.getReader()
        return stream
      },
    ],
    [
      'the web stream of a Response that was read',
      async () => {
        const response = new Response('x')
        const { body } = response
        await response.text()
        if (body === null) throw new Error('Expected a body')
        return body as ReadableStream<Uint8Array>
      },
    ],
  ]
  test.each(gone)('is refused when it is %s', async (_name, make) => {
    const body = await make()
    await expect(put(body)).rejects.toThrow('Expected a body that is still to be read')
    const made = await failureOf(put((() => body) as never))
    expect(made).toMatchObject({ code: 'request_body_failed', outcome: 'none', retryable: false })
    expect(server.requests).toHaveLength(0)
  })

  test('is sent from where it is when it is a Node stream of which the beginning was read', async () => {
    server.reply({})
    const body = Readable.from([Buffer.from('head'), Buffer.from('rest')])
    await once(body, 'readable')
    expect(String(body.read())).toBe('head')
    await put(body)
    expect(server.requests[0]?.body.toString()).toBe('rest')
  })
})

test('what begins anew each time can be sent again by the caller', async () => {
  const body = { [Symbol.asyncIterator]: generator }
  server.reply({ status: 503 }, {})
  expect(await failureOf(put(body))).toMatchObject({ retryable: true })
  await put(body)
  expect(server.requests.map((request) => request.body.toString())).toEqual([
    'all of it',
    'all of it',
  ])
})

test('a function that gives the same stream again fails with the outcome of the first attempt', async () => {
  const body = Readable.from(['all of it'])
  server.reply('reset')
  server.otherwise({})
  const error = await failureOf(http.request('/o', { method: 'PUT', body: () => body }))
  expect(error).toMatchObject({ code: 'request_body_failed', outcome: 'unknown', retryable: false })
  expect(server.requests).toHaveLength(1)
})

test('an interceptor that sends a stream twice is told, with what the first may have done', async () => {
  await using twice = createHttp({
    origin: server.url,
    interceptors: [
      (next) => async (request) => {
        await next(request)
        return await next(request)
      },
    ],
  })
  server.otherwise({})
  const body = Readable.from(['all of it'])
  const error = await failureOf(twice.request('/o', { method: 'POST', body }))
  expect(error).toMatchObject({ code: 'request_body_failed', outcome: 'unknown' })
  expect(server.requests).toHaveLength(1)
})
