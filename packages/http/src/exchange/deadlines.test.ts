import { outcomeOf, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeHttp } from '../testing/fake-http.ts'
import { createHttp } from '../http.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
let clock: TestClock
beforeEach(async () => {
  server = await startScriptedServer()
  clock = TestClock.install()
})
afterEach(async () => {
  clock[Symbol.dispose]()
  await server.close()
})

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )

async function* never(...chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks
  await new Promise(() => undefined)
}

describe('the total deadline', () => {
  test('covers the queue', async () => {
    server.reply('silence')
    const http = createHttp({ origin: server.url, connections: 1 })
    const first = caught(http.request('/', { timeoutMs: 100 }))
    const second = caught(http.request('/', { method: 'POST', timeoutMs: 50 }))
    await server.received(1)
    await clock.advance(50)
    expect(await second).toMatchObject({ name: 'TimeoutError', timeoutMs: 50, outcome: 'none' })
    await clock.advance(50)
    expect(await first).toMatchObject({ name: 'TimeoutError' })
    await http.close()
  })

  test('covers repeats and the waits between them', async () => {
    server.otherwise({ status: 503, headers: { 'retry-after': '3' } })
    const http = createHttp({
      origin: server.url,
      timeouts: { totalMs: 8_000 },
      retry: { attempts: 9 },
    })
    const call = caught(http.request('/'))
    for (let count = 1; count <= 2; count += 1) {
      await server.received(count)
      // The connection is given back, and the wait before the repeat is armed beside the deadline.
      await expect.poll(() => [http.stats().origins[0]?.running, clock.pending]).toEqual([0, 2])
      await clock.advance(3_000)
    }
    // The third wait would end after the deadline: it fails now.
    expect(await call).toMatchObject({ code: 'unavailable', status: 503 })
    expect(clock.now()).toBe(6_000)
    await http.close()
  })

  test('covers the body of a stream when it is the call’s own', async () => {
    server.reply({ body: never('a') })
    const http = createHttp({ origin: server.url })
    const response = await http.stream('/', { timeoutMs: 1_000 })
    const reading = caught(response.text())
    await clock.advance(1_000)
    expect(await reading).toMatchObject({ name: 'TimeoutError', timeoutMs: 1_000 })
    await http.close()
  })

  test('of the scope that reads covers the body of a stream', async () => {
    server.reply({ body: never('a') })
    const http = createHttp({ origin: server.url })
    const response = await http.stream('/')
    const reading = caught(withTimeout(500, () => response.text()))
    await clock.advance(500)
    expect(await reading).toMatchObject({ name: 'TimeoutError' })
    expect(await server.requests[0]?.ended).toBe(false)
    await http.close()
  })
})

describe('a limit of its own', () => {
  test('ends a request that is not answered within headersMs', async () => {
    server.reply('silence')
    const http = createHttp({ origin: server.url, timeouts: { headersMs: 2_000 }, retry: false })
    const call = caught(http.request('/', { method: 'POST' }))
    await server.received(1)
    await clock.advance(1_999)
    expect(http.stats().active).toBe(1)
    await clock.advance(1)
    const error = await call
    expect(error).toMatchObject({ code: 'headers_timeout', retryable: true })
    expect(outcomeOf(error)).toBe('unknown')
    await http.close()
  })

  test('ends an answer that stalls, however long it takes in all', async () => {
    const steps = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    server.reply({
      body: (async function* () {
        for (const step of steps) {
          yield 'x'
          await step.promise
        }
      })(),
    })
    const http = createHttp({ origin: server.url, timeouts: { stallMs: 1_000 } })
    const response = await http.stream('/')
    const iterator = response.body[Symbol.asyncIterator]()
    for (const step of steps.slice(0, 3)) {
      await iterator.next()
      await clock.advance(900)
      step.resolve()
    }
    await iterator.next()
    const last = caught(iterator.next())
    await clock.advance(1_000)
    expect(await last).toMatchObject({ code: 'stalled', outcome: 'none' })
    await http.close()
  })

  test('does not end a whole answer that keeps moving', async () => {
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    await using fake = createFakeHttp({ timeouts: { stallMs: 1_000 } })
    fake.script.reply({
      body: (async function* () {
        for (const gate of gates) {
          yield 'x'
          await gate.promise
        }
      })(),
    })
    const call = fake.http.request('/')
    for (const gate of gates) {
      await clock.advance(900)
      gate.resolve()
      await clock.advance(0)
    }
    expect(await (await call).text()).toBe('xxxx')
  })

  test('ends a request whose own body stalls', async () => {
    const http = createHttp({ origin: server.url, timeouts: { stallMs: 1_000 }, retry: false })
    const started = Promise.withResolvers<void>()
    const body = async function* (): AsyncGenerator<string> {
      yield 'x'
      started.resolve()
      await new Promise(() => undefined)
    }
    const call = caught(http.request('/', { method: 'PUT', body }))
    await started.promise
    await clock.advance(1_000)
    expect(await call).toMatchObject({ code: 'stalled', outcome: 'unknown' })
    await http.close()
  })

  test.each([
    ['of the client', { acquireTimeoutMs: 100 }, {}],
    ['of the call', { acquireTimeoutMs: 1_000 }, { acquireTimeoutMs: 100 }],
    [
      'of the call, longer than that of the client',
      { acquireTimeoutMs: 1 },
      { acquireTimeoutMs: 100 },
    ],
  ])('ends the wait for a connection after acquireTimeoutMs %s', async (_name, options, init) => {
    server.reply('silence')
    const http = createHttp({ origin: server.url, connections: 1, ...options })
    const first = caught(http.request('/', { timeoutMs: 1_000 }))
    await server.received(1)
    const second = caught(http.request('/', { method: 'POST', ...init }))
    await clock.advance(99)
    expect(http.stats()).toMatchObject({ origins: [{ queued: 1 }] })
    await clock.advance(1)
    const expected = { code: 'acquire_timeout', outcome: 'none', retryable: true }
    expect(await second).toMatchObject(expected)
    await clock.advance(900)
    await first
    await http.close()
  })
})

test('a queue that is full refuses at once', async () => {
  server.reply('silence')
  const http = createHttp({ origin: server.url, connections: 1, queue: 1 })
  const waiting = [1, 2].map(() => caught(http.request('/', { timeoutMs: 100 })))
  const error = await caught(http.request('/', { method: 'POST' }))
  expect(error).toMatchObject({ code: 'overloaded', outcome: 'none', retryable: true })
  await server.received(1)
  await clock.advance(100)
  await Promise.all(waiting)
  await http.close()
})
