import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { outcomeOf } from '@yuzuru/concurrency'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from './http.ts'
import { HttpError } from './errors/http-error.ts'
import { type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts'

let server: ScriptedServer
let http: Http
beforeEach(async () => {
  server = await startScriptedServer()
  // Some tests address other ports.
  http = createHttp({ origin: server.url, allowedOrigins: 'any', retry: { baseDelayMs: 0 } })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  await server.close()
})

async function failureOf(promise: Promise<unknown>): Promise<HttpError> {
  const error: unknown = await promise.catch((reason: unknown) => reason)
  if (HttpError.isInstance(error)) return error
  throw new Error('Expected an HttpError', { cause: error })
}

const post = (): Promise<HttpError> => failureOf(http.request('/', { method: 'POST', body: 'x' }))

async function closedPort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

describe('the outcome of a POST', () => {
  test('is none when there was no connection', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/`
    const error = await failureOf(http.request(url, { method: 'POST' }))
    expect(error).toMatchObject({ code: 'connection_failed', outcome: 'none', retryable: true })
  })

  test('is none when the host has no address', async () => {
    const error = await failureOf(http.request('http://host.invalid/', { method: 'POST' }))
    expect(error).toMatchObject({ code: 'dns_failed', outcome: 'none' })
  })

  test('is none when TLS could not be set up', async () => {
    const error = await failureOf(
      http.request(server.url.replace('http:', 'https:'), { method: 'POST' }),
    )
    expect(error).toMatchObject({ code: 'tls_failed', outcome: 'none', retryable: false })
    expect(server.requests).toHaveLength(0)
  })

  test.each(['reset', 'drop'] as const)('is unknown after a %s', async (reply) => {
    server.reply(reply)
    expect(await post()).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
    expect(server.requests).toHaveLength(1)
  })

  test.each([
    [400, 'invalid_request', 'none'],
    [401, 'unauthenticated', 'none'],
    [402, 'invalid_request', 'none'],
    [403, 'forbidden', 'none'],
    [404, 'not_found', 'none'],
    [409, 'conflict', 'none'],
    [412, 'precondition_failed', 'none'],
    [429, 'rate_limited', 'none'],
    [408, 'timeout', 'unknown'],
    [499, 'invalid_request', 'unknown'],
    [301, 'redirected', 'unknown'],
    [302, 'redirected', 'unknown'],
    [303, 'redirected', 'unknown'],
    [307, 'redirected', 'none'],
    [308, 'redirected', 'none'],
    [500, 'unavailable', 'unknown'],
    [501, 'unsupported', 'none'],
    [502, 'unavailable', 'unknown'],
    [503, 'unavailable', 'unknown'],
    [504, 'unavailable', 'unknown'],
  ])('that is answered %i is %s, %s', async (status, code, outcome) => {
    server.reply({ status })
    expect(await post()).toMatchObject({ status, code, outcome })
    expect(server.requests).toHaveLength(1)
  })

  test.each([
    ['says so', 409, { outcome: 'unknown' }, 'unknown'],
    ['says so with 501', 501, { outcome: 'unknown' }, 'unknown'],
    ['says so with 307', 307, { outcome: 'unknown' }, 'unknown'],
    ['says none', 409, { outcome: 'none' }, 'none'],
    ['says nothing', 409, {}, 'none'],
    ['says it of something else', 409, { fields: { outcome: 'unknown' } }, 'none'],
    ['promises none for a status that does not', 500, { outcome: 'none' }, 'unknown'],
    // What is read of it has not come to that.
    ['is too long to be read', 422, { detail: 'x'.repeat(20_000), outcome: 'none' }, 'unknown'],
    ['is a list', 409, ['unknown'], 'none'],
  ])('is what a problem says of it that %s', async (_, status, problem, outcome) => {
    const headers = { 'content-type': 'application/problem+json; charset=utf-8' }
    server.reply({ status, headers, body: JSON.stringify(problem) })
    expect(await post()).toMatchObject({ status, outcome })
  })

  test('is unknown by the word of a problem also where the request has sent that word', async () => {
    const headers = { 'content-type': 'Application/Problem+JSON' }
    server.reply({ status: 409, headers, body: '{"outcome":"unknown"}' })
    const body = new URLSearchParams({ token: 'unknown' })
    const error = await failureOf(http.request('/', { method: 'POST', body }))
    expect(error).toMatchObject({ outcome: 'unknown', answer: { json: { outcome: '[redacted]' } } })
  })

  test('is unknown when a problem breaks off', async () => {
    const headers = {
      'content-type': 'application/problem+json',
      'content-length': '60',
      connection: 'close',
    }
    server.reply({ status: 409, headers, body: '{"status":409,' })
    expect(await post()).toMatchObject({ outcome: 'unknown' })
  })

  test('is none for a read, whatever a problem says', async () => {
    const headers = { 'content-type': 'application/problem+json' }
    server.reply({ status: 409, headers, body: '{"outcome":"unknown"}' })
    expect(await failureOf(http.request('/'))).toMatchObject({ status: 409, outcome: 'none' })
  })

  test('is not taken from what is no problem', async () => {
    server.reply({ status: 409, json: { outcome: 'unknown' } })
    expect(await post()).toMatchObject({ status: 409, outcome: 'none' })
  })

  test('a call is not sent again where a problem says that it may have been done', async () => {
    const headers = { 'content-type': 'application/problem+json', 'retry-after': '0' }
    server.reply({ status: 429, headers, body: '{"outcome":"unknown"}' })
    const retry = { when: () => true }
    const error = await failureOf(http.request('/', { method: 'POST', body: 'x', retry }))
    expect(error).toMatchObject({ code: 'rate_limited', outcome: 'unknown' })
    expect(server.requests).toHaveLength(1)
  })

  test('is unknown for 503 with Retry-After: a gateway says so of what it has passed on, too', async () => {
    server.reply({ status: 503, headers: { 'retry-after': '1' } })
    expect(await post()).toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
      retryAfterMs: 1_000,
    })
  })

  test('is unknown when the answer breaks off', async () => {
    server.reply({
      body: (async function* () {
        yield 'half'
        throw new Error('reset')
      })(),
    })
    expect(await post()).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
  })

  test('is unknown when the answer is no JSON', async () => {
    server.reply({ body: '<p>secret</p>' })
    const error = await failureOf(http.json('/', { method: 'POST' }))
    expect(error).toMatchObject({ code: 'invalid_body', outcome: 'unknown', retryable: false })
    expect(error.message).not.toContain('secret')
  })

  test('stays unknown when only the last of several attempts says none', async () => {
    server.reply('reset', { status: 409 })
    const error = await failureOf(http.request('/', { method: 'PUT', body: 'x' }))
    expect(error).toMatchObject({ code: 'conflict', outcome: 'unknown', status: 409 })
    expect(server.requests).toHaveLength(2)
  })

  test.each([
    'disk',
    // undici's own words for a proxy that passes nothing on: here it is another request's.
    'Proxy response (502) !== 200 when HTTP Tunneling',
    'Proxy Authentication Required (407)',
  ])('is unknown, and its source’s error kept, when its body breaks off: %s', async (message) => {
    const cause = new Error(message)
    const body = async function* (): AsyncGenerator<string> {
      yield 'x'
      throw cause
    }
    const error = await failureOf(http.request('/', { method: 'POST', body }))
    expect(error).toMatchObject({ code: 'request_body_failed', outcome: 'unknown', cause })
  })

  test('is none when its body cannot be made', async () => {
    const cause = new Error('gone')
    const body = (): string => {
      throw cause
    }
    const one = createHttp({ origin: server.url, connections: 1 })
    const error = await failureOf(one.request('/', { method: 'POST', body }))
    // The only connection is free again.
    server.reply({})
    await one.request('/')
    await one.close()
    expect(error).toMatchObject({ code: 'request_body_failed', outcome: 'none', cause })
  })
})

test('the outcome of a GET is none whatever happens', async () => {
  server.otherwise('reset')
  const error = await failureOf(http.request('/'))
  expect(outcomeOf(error)).toBe('none')
  expect(server.requests).toHaveLength(3)
})

test('what is not HTTP is an invalid response', async () => {
  const raw = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
  })
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve))
  const { port } = raw.address() as { port: number }
  const error = await failureOf(http.request(`http://127.0.0.1:${port}/`, { retry: false }))
  expect(error.code).toBe('invalid_response')
  // undici's error carries the bytes: they may be secret.
  expect(inspect(error, { depth: 9 })).not.toContain('OpenSSH')
  await new Promise((resolve) => raw.close(resolve))
})
