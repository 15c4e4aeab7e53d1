import { TestClock } from '@yuzuru/concurrency/testing'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeHttp } from '../testing/fake-http.ts'
import { createHttp, type Http } from '../http.ts'
import type { HttpOptions } from '../http-options.ts'
import type { HttpInit } from '../request/http-init.ts'
import { expectRetry } from './retry-policy.ts'
import type { RetryWhen } from '../request/retry-when.ts'
import type { ScriptedReply } from '../testing/scripted-peer.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
const clients: Http[] = []
beforeEach(async () => {
  server = await startScriptedServer()
})
afterEach(async () => {
  for (const http of clients.splice(0)) await http.close({ drainMs: 0 })
  await server.close()
})

function client(options: HttpOptions = {}): Http {
  const http = createHttp({ origin: server.url, retry: { baseDelayMs: 0 }, ...options })
  clients.push(http)
  return http
}

describe('which requests are repeated', () => {
  const replayable: readonly [string, HttpInit][] = [
    ['GET', {}],
    ['HEAD', { method: 'HEAD' }],
    ['OPTIONS', { method: 'OPTIONS' }],
    ['PUT with a string', { method: 'PUT', body: 'x' }],
    ['PUT with bytes', { method: 'PUT', body: new Uint8Array(3) }],
    ['PUT with a form', { method: 'PUT', body: new URLSearchParams({ a: 'b' }) }],
    ['PUT with a Blob', { method: 'PUT', body: new Blob(['x']) }],
    ['PUT with a factory', { method: 'PUT', body: () => Readable.from(['x']) }],
    ['DELETE', { method: 'DELETE' }],
    ['POST with a key', { json: 1, idempotencyKey: 'k' }],
    ['PATCH with a key', { method: 'PATCH', json: 1, headers: { 'Idempotency-Key': 'k' } }],
  ]
  test.each(replayable)('%s is', async (_name, init) => {
    server.reply({ status: 500 }, 'reset', { status: 204 })
    expect((await client().request('/', init)).status).toBe(204)
    expect(server.requests).toHaveLength(3)
  })

  const never: readonly [string, () => HttpInit][] = [
    ['POST', () => ({ method: 'POST', body: 'x' })],
    ['PATCH', () => ({ method: 'PATCH', body: 'x' })],
    ['PUT with a stream', () => ({ method: 'PUT', body: Readable.from(['x']) })],
    ['POST with a key and a stream', () => ({ body: Readable.from(['x']), idempotencyKey: 'k' })],
    ['a call that says so', () => ({ retry: false })],
  ]
  test.each(never)('%s is not', async (_name, init) => {
    server.otherwise({ status: 503, headers: { 'retry-after': '0' } })
    await expect(client().request('/', init())).rejects.toMatchObject({ status: 503 })
    expect(server.requests).toHaveLength(1)
  })

  test('a request whose idempotency key an earlier one has is, when the server says so', async () => {
    const busy = { status: 409, headers: { 'retry-after': '0' } }
    server.reply(busy, busy, { status: 201 })
    const init = { json: 1, idempotencyKey: 'k' }
    expect((await client().request('/', init)).status).toBe(201)
    expect(server.requests).toHaveLength(3)
  })

  test.each([
    ['without a word when', { json: 1, idempotencyKey: 'k' }, {}, 'unknown'],
    ['without a key', { json: 1 }, { 'retry-after': '0' }, 'none'],
  ])('a request answered 409 %s is not', async (_what, init, headers, outcome) => {
    server.otherwise({ status: 409, headers })
    const failure = { code: 'conflict', retryable: false, outcome }
    await expect(client().request('/', init)).rejects.toMatchObject(failure)
    expect(server.requests).toHaveLength(1)
  })

  test.each([400, 401, 404, 409, 501])('a GET answered %i is not', async (status) => {
    server.otherwise({ status })
    await expect(client().request('/')).rejects.toMatchObject({ status })
    expect(server.requests).toHaveLength(1)
  })

  test('a GET whose answer breaks off is', async () => {
    server.reply(
      {
        body: (async function* () {
          yield 'half'
          throw new Error('reset')
        })(),
      },
      { body: 'whole' },
    )
    expect(await (await client().request('/')).text()).toBe('whole')
  })

  test('a GET that is not answered in time is', async () => {
    server.reply('silence', { body: 'ok' })
    const http = client({ timeouts: { headersMs: 250 } })
    expect(await (await http.request('/')).text()).toBe('ok')
  })

  test('an answer that is accepted as it is, is, and the last one returned', async () => {
    server.reply({ status: 500, body: '1' }, { status: 500, body: '2' }, { status: 500, body: '3' })
    const response = await client().request('/', { acceptStatus: () => true })
    expect([response.status, await response.text()]).toEqual([500, '3'])
  })
})

describe('an answer that is accepted says what the attempts before it may have done', () => {
  const all = { acceptStatus: () => true } as const

  test.each<[string, HttpInit, ScriptedReply | 'silence', string]>([
    ['a PUT of which one was lost', { method: 'PUT', body: 'x' }, 'silence', 'unknown'],
    ['a PUT of which one met a 500', { method: 'PUT' }, { status: 500 }, 'unknown'],
    [
      'a POST with a key of which one met a 502',
      { method: 'POST', idempotencyKey: 'k' },
      { status: 502 },
      'unknown',
    ],
    ['a PUT that was turned away', { method: 'PUT' }, { status: 429 }, 'none'],
    ['a GET of which one was lost', {}, 'silence', 'none'],
  ])('%s', async (_, init, first, outcome) => {
    server.reply(first, { status: 403 })
    const http = client({ timeouts: { headersMs: 250 } })
    const response = await http.request('/', { ...init, ...all })
    expect([response.status, response.earlierOutcome]).toEqual([403, outcome])
  })

  test('none when there was none', async () => {
    server.reply({ status: 403 })
    expect((await client().request('/', { method: 'PUT', ...all })).earlierOutcome).toBe('none')
  })
})

describe('the wait before a repeat', () => {
  const date = 'Sat, 21 Nov 2026 01:00:00 GMT'
  const retry = { baseDelayMs: 1_000, random: (): number => 0.5 }

  test.each([
    ['a random part of the bound', {}, 500],
    ['what Retry-After says in seconds', { 'retry-after': '2' }, 2_000],
    [
      'what Retry-After says as a date, by the clock of the server',
      { 'retry-after': 'Sat, 21 Nov 2026 01:00:03 GMT', date },
      3_000,
    ],
    ['our own when Retry-After is a word', { 'retry-after': 'soon' }, 500],
    ['our own when Retry-After is negative', { 'retry-after': '-1' }, 500],
    ['our own when Retry-After is a fraction', { 'retry-after': '1.5' }, 500],
    ['our own when Retry-After is another kind of date', { 'retry-after': '2026-11-21' }, 500],
    ['our own when Retry-After is empty', { 'retry-after': '' }, 500],
    ['our own when Retry-After is shorter', { 'retry-after': '0' }, 500],
  ])('is %s', async (_name, headers, expected) => {
    using clock = TestClock.install()
    await using fake = createFakeHttp({ retry })
    fake.script.reply({ status: 503, headers }, { body: 'ok' })
    const call = fake.http.request('/')
    await fake.script.received(1)
    await clock.advance(expected - 1)
    expect(fake.script.requests).toHaveLength(1)
    await clock.advance(1)
    expect(fake.script.requests).toHaveLength(2)
    expect((await call).ok).toBe(true)
  })

  test('doubles its bound up to maxDelayMs', () => {
    const policy = expectRetry({ baseDelayMs: 100, maxDelayMs: 1_000, random: () => 0.5 })
    const waits = [1, 2, 3, 4, 5, 6].map((attempt) => policy?.delayMs(attempt))
    expect(waits).toEqual([50, 100, 200, 400, 500, 500])
  })

  test.each([
    ['after the deadline', '5', { timeoutMs: 4_000 }],
    ['later than maxRetryAfterMs', '61', { timeoutMs: 100_000 }],
  ])('is not begun when it would end %s', async (_name, seconds, init) => {
    using clock = TestClock.install()
    await using fake = createFakeHttp({ retry })
    fake.script.reply({ status: 503, headers: { 'retry-after': seconds } })
    await expect(fake.http.request('/', init)).rejects.toMatchObject({ code: 'unavailable' })
    expect(clock.now()).toBe(0)
  })
})

test('the repeats of an origin are bounded by its budget', async () => {
  server.otherwise({ status: 500 })
  const http = client({ retry: { baseDelayMs: 0, budgetReserve: 5, budgetRatio: 0.1 } })
  for (let count = 0; count < 50; count += 1) await http.request('/').catch(() => undefined)
  // 50 calls, 5 repeats to begin with, and one for every 10 calls.
  expect(server.requests.length).toBeLessThanOrEqual(60)
  expect(server.requests.length).toBeGreaterThanOrEqual(58)
})

describe('an answer that is looked at', () => {
  const busy = { status: 403, json: { reason: 'rateLimit' } }
  const never = { status: 403, json: { reason: 'forbidden' } }
  const when: RetryWhen = ({ status, json }) =>
    status === 403 ? (json as { reason: string }).reason === 'rateLimit' : undefined
  const retry = { baseDelayMs: 0, when }

  const writes: readonly [string, HttpInit][] = [
    ['a GET', {}],
    ['a POST', { method: 'POST', body: 'x' }],
  ]
  test.each(writes)('is worth a repeat where it says so: %s', async (_name, init) => {
    server.reply(busy, busy, { status: 204 })
    expect((await client({ retry }).request('/', init)).status).toBe(204)
    expect(server.requests).toHaveLength(3)
  })

  test('is worth none where it says no, also with a status that is', async () => {
    server.otherwise({ status: 503 })
    const call = client({ retry: { baseDelayMs: 0, when: () => false } }).request('/')
    await expect(call).rejects.toMatchObject({ status: 503, retryable: false })
    expect(server.requests).toHaveLength(1)
  })

  test('goes by its status where it says nothing', async () => {
    server.reply({ status: 503 }, { status: 204 })
    expect((await client({ retry }).request('/')).status).toBe(204)
    server.otherwise(never)
    await expect(client({ retry }).request('/')).rejects.toMatchObject({ retryable: false })
    expect(server.requests).toHaveLength(3)
  })

  test('is looked at by the call in place of the client, and not by one that is tried once', async () => {
    server.otherwise(busy)
    const http = client({ retry: { baseDelayMs: 0, attempts: 2 } })
    await expect(http.request('/')).rejects.toMatchObject({ retryable: false })
    expect(server.requests).toHaveLength(1)
    const own = http.request('/', { retry: { when } })
    await expect(own).rejects.toMatchObject({ status: 403, retryable: true })
    expect(server.requests).toHaveLength(3)
    const once = client({ retry }).request('/', { retry: false })
    await expect(once).rejects.toMatchObject({ status: 403 })
    expect(server.requests).toHaveLength(4)
  })

  test('does not let a change be sent again that may have happened', async () => {
    server.otherwise({ status: 500 })
    const http = client({ retry: { baseDelayMs: 0, when: () => true } })
    const call = http.request('/', { method: 'POST', body: 'x' })
    await expect(call).rejects.toMatchObject({ outcome: 'unknown' })
    expect(server.requests).toHaveLength(1)
  })

  test('is answered by a boolean or nothing', async () => {
    server.otherwise(busy)
    const call = client({ retry: { when: (() => 'yes') as never } }).request('/')
    await expect(call).rejects.toThrow(TypeError)
  })
})
