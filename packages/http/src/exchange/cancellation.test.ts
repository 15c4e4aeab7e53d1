import { getEventListeners } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { cancelScope, outcomeOf, taskGroup, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HttpInterceptor } from '../attempts/interceptor.ts'
import { createHttp } from '../http.ts'
import type { HttpOptions } from '../http-options.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
beforeEach(async () => {
  server = await startScriptedServer()
})
afterEach(async () => {
  await server.close()
})

/** Calls `body` in a scope, cancels it when `when` resolves, and gives what came out. */
async function cancelledWhen(
  when: () => Promise<unknown>,
  body: () => Promise<unknown>,
): Promise<unknown> {
  return await cancelScope(async (scope) => {
    const pending = body()
    await when()
    scope.cancel('enough')
    return await pending
  }).then(
    () => 'not cancelled',
    (error: unknown) => error,
  )
}

describe('a cancel', () => {
  test('ends a request that waits for its answer, and the server sees it go', async () => {
    server.reply('silence')
    await using http = createHttp({ origin: server.url })
    const error = await cancelledWhen(
      () => server.received(1),
      () => http.request('/'),
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(await server.requests[0]?.ended).toBe(false)
    expect(http.stats().active).toBe(0)
  })

  const ways: readonly [string, HttpOptions][] = [
    ['with a hedge', { hedge: { delayMs: 60_000 } }],
    ['behind a breaker', { breaker: {} }],
    ['that follows redirects', { redirect: 'follow' }],
    ['that an interceptor sends', { interceptors: [(next) => async (it) => await next(it)] }],
  ]
  test.each(ways)('ends a request %s, and the server sees it go', async (_name, options) => {
    server.reply('silence')
    await using http = createHttp({ origin: server.url, ...options })
    const error = await cancelledWhen(
      () => server.received(1),
      () => http.request('/'),
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(await server.requests[0]?.ended).toBe(false)
    expect(http.stats().active).toBe(0)
  })

  test('of the scope in which an interceptor sends ends that request', async () => {
    server.reply('silence', { body: 'second' })
    const impatient: HttpInterceptor = (next) => async (request) => {
      const first = cancelScope(async (scope) => {
        const sent = next(request)
        await server.received(1)
        scope.cancel('too slow')
        return await sent
      })
      await expect(first).rejects.toThrow('too slow')
      return await next(request)
    }
    await using http = createHttp({ origin: server.url, interceptors: [impatient] })
    expect(await (await http.request('/')).text()).toBe('second')
    expect(await server.requests[0]?.ended).toBe(false)
  })

  test('of a signal that an interceptor puts in its place ends that request', async () => {
    server.reply('silence')
    const own = new AbortController()
    const replacing: HttpInterceptor = (next) => async (request) =>
      await next({ ...request, signal: own.signal })
    await using http = createHttp({ origin: server.url, interceptors: [replacing] })
    const call = http.request('/').catch((error: unknown) => error)
    await server.received(1)
    own.abort(new Error('enough'))
    expect(await call).toMatchObject({ cause: { message: 'enough' } })
    expect(await server.requests[0]?.ended).toBe(false)
    expect(getEventListeners(own.signal, 'abort')).toEqual([])
  })

  test('ends a request that waits in the queue, without anything being sent', async () => {
    server.reply('silence')
    await using http = createHttp({ origin: server.url, connections: 1 })
    const error = await cancelledWhen(
      async () => {
        await server.received(1)
        expect(http.stats().origins[0]).toMatchObject({ running: 1, queued: 1 })
      },
      async () => {
        await taskGroup(async (group) => {
          group.spawn(() => http.request('/first'))
          group.spawn(() => http.request('/second', { method: 'POST' }))
        })
      },
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(http.stats().origins[0]).toMatchObject({ running: 0, queued: 0 })
    expect(server.requests).toHaveLength(1)
  })

  test('ends a request in the middle of its body', async () => {
    server.reply({
      body: (async function* () {
        yield 'begin'
        await new Promise(() => undefined)
      })(),
    })
    await using http = createHttp({ origin: server.url })
    const began = Promise.withResolvers<void>()
    const error = await cancelledWhen(
      () => began.promise,
      async () => {
        const response = await http.stream('/')
        for await (const _ of response.body) began.resolve()
      },
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(await server.requests[0]?.ended).toBe(false)
    expect(http.stats().origins[0]?.running).toBe(0)
  })

  test('ends a whole read in the middle of its body', async () => {
    const sent = Promise.withResolvers<void>()
    server.reply({
      body: (async function* () {
        yield 'begin'
        sent.resolve()
        await new Promise(() => undefined)
      })(),
    })
    await using http = createHttp({ origin: server.url })
    const error = await cancelledWhen(
      () => sent.promise,
      () => http.request('/'),
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(await server.requests[0]?.ended).toBe(false)
  })

  test('ends the wait before a repeat', async () => {
    server.reply({ status: 503, headers: { 'retry-after': '50' } })
    await using http = createHttp({ origin: server.url })
    const error = await cancelledWhen(
      async () => {
        await server.received(1)
        await server.requests[0]?.ended
      },
      () => http.request('/'),
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(server.requests).toHaveLength(1)
  })

  test('ends a request whose body is on its way, and its source', async () => {
    server.reply({})
    await using http = createHttp({ origin: server.url })
    const flowing = Promise.withResolvers<void>()
    let closed = false
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield new Uint8Array(64 * 1024)
          flowing.resolve()
        }
      } finally {
        closed = true
      }
    }
    const error = await cancelledWhen(
      () => flowing.promise,
      () => http.request('/', { method: 'PUT', body: source }),
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    await expect.poll(() => closed).toBe(true)
    expect(server.requests).toHaveLength(0)
  })

  test('destroys a stream that was being sent and is stuck', async () => {
    await using http = createHttp({ origin: server.url })
    const body = new Readable({ read: () => undefined })
    body.push('begin')
    const opened = Promise.withResolvers<void>()
    body.once('data', () => opened.resolve())
    const error = await cancelledWhen(
      () => opened.promise,
      () => http.request('/', { method: 'PUT', body }),
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(body.destroyed).toBe(true)
  })

  test('of a foreign signal leaves no listener behind', async () => {
    server.otherwise({ body: 'ok' })
    await using http = createHttp({ origin: server.url })
    const controller = new AbortController()
    const { signal } = controller
    for (let count = 0; count < 20; count += 1) {
      await http.request('/', { signal })
      await (await http.stream('/', { signal })).text()
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('of a foreign signal also ends a body that is read later', async () => {
    server.reply({
      body: (async function* () {
        yield 'begin'
        await new Promise(() => undefined)
      })(),
    })
    await using http = createHttp({ origin: server.url })
    const controller = new AbortController()
    const response = await http.stream('/', { signal: controller.signal })
    const reading = response.text()
    controller.abort(new Error('foreign'))
    await expect(reading).rejects.toMatchObject({ name: 'Cancelled', source: 'signal' })
  })

  test('refuses to start in a scope that is cancelled', async () => {
    await using http = createHttp({ origin: server.url })
    await expect(http.request('/', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'Cancelled',
    })
    expect(server.connected).toBe(0)
  })
})

describe('a connection that is not made', () => {
  let stuck: Server
  let sockets: Socket[]
  beforeEach(async () => {
    // Accepts, and never speaks TLS: the connection stays half made.
    sockets = []
    stuck = createServer((socket) => sockets.push(socket))
    await new Promise<void>((resolve) => stuck.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    stuck.close()
  })
  const url = (): string => `https://127.0.0.1:${(stuck.address() as { port: number }).port}/`

  test('is given up at once by a cancel, with nothing sent', async () => {
    await using http = createHttp({ connections: 1 })
    const { promise, resolve } = Promise.withResolvers<void>()
    stuck.once('connection', () => resolve())
    const error = await cancelledWhen(
      () => promise,
      () => http.request(url(), { method: 'POST' }),
    )
    expect(error).toMatchObject({ name: 'Cancelled' })
    expect(http.stats().origins[0]).toMatchObject({ running: 0, queued: 0 })
  })

  test('is given up by the deadline, with the outcome none', async () => {
    await using http = createHttp()
    const error: unknown = await withTimeout(30, () =>
      http.request(url(), { method: 'POST' }),
    ).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
  })

  test('is given up after connectMs, and tried again also for a POST', async () => {
    using clock = TestClock.install()
    const http = createHttp({
      timeouts: { connectMs: 2_000 },
      retry: { attempts: 2, baseDelayMs: 0 },
    })
    const call = http.request(url(), { method: 'POST', body: 'x' }).catch((error: unknown) => error)
    const arrived = async (count: number): Promise<void> => {
      while (sockets.length < count)
        await new Promise((resolve) => stuck.once('connection', resolve))
    }
    await arrived(1)
    await clock.advance(2_000)
    await arrived(2)
    await clock.advance(2_000)
    const error = await call
    expect(error).toMatchObject({ code: 'connect_timeout', retryable: true })
    expect(outcomeOf(error)).toBe('none')
    await http.close()
  })
})
