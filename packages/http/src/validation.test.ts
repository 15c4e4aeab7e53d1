import { Agent } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeHttp, type FakeHttp } from './testing/fake-http.ts'
import { createHttp } from './http.ts'
import type { HttpInit } from './request/http-init.ts'

let fake: FakeHttp
beforeEach(() => {
  fake = createFakeHttp()
})
afterEach(async () => {
  expect(fake.script.requests).toHaveLength(0)
  await fake.http.close()
})

describe('a request is refused before anything is sent', () => {
  const bad: readonly [string, unknown][] = [
    ['a method with a space', { method: 'GE T' }],
    ['CONNECT', { method: 'connect' }],
    ['a GET with a body', { method: 'GET', body: 'x' }],
    ['a body and JSON', { method: 'POST', body: 'x', json: 1 }],
    ['a body that is none', { method: 'POST', body: 7 }],
    ['JSON that is none', { json: () => 1 }],
    ['a header with a line break', { headers: { a: 'b\r\nc: d' } }],
    ['a header with NUL', { headers: { a: '\0' } }],
    ['a header beyond Latin-1', { headers: { a: '支援' } }],
    ['a header that is no string', { headers: { a: 1 } }],
    ['a header name with a colon', { headers: { 'a:b': 'c' } }],
    ['a key with a line break', { method: 'POST', idempotencyKey: 'a\nb' }],
    ['a negative limit', { maxBytes: -1 }],
    ['a negative wait for a connection', { acquireTimeoutMs: -1 }],
    ['a limit that is NaN', { maxBytes: Number.NaN }],
    ['a time limit that is no number', { timeoutMs: '1' }],
    ['a signal that is none', { signal: {} }],
    ['a redirect mode that is none', { redirect: 'maybe' }],
    ['no object', 'init'],
  ]
  test.each(bad)('with %s', async (_name, init) => {
    await expect(fake.http.request('/', init as HttpInit)).rejects.toThrow(TypeError)
  })

  test.each(['http://', 'ftp://a/', 'file:///etc/passwd', 'http://user:secret@host/'])(
    'to %s',
    async (url) => {
      const error: unknown = await fake.http.request(url).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).not.toContain('secret')
    },
  )

  test('to a relative URL without an origin', async () => {
    await using http = createHttp()
    await expect(http.request('/a')).rejects.toThrow('the client has no "origin"')
  })
})

describe('a client is refused', () => {
  const bad: readonly [string, unknown][] = [
    ['no object', null],
    ['an origin that is no URL', { origin: 'example.com' }],
    ['an origin with credentials', { origin: 'https://a:b@example.com' }],
    ['no connections', { connections: 0 }],
    ['half a connection', { connections: 1.5 }],
    ['a negative queue', { queue: -1 }],
    ['a negative timeout', { timeouts: { stallMs: -1 } }],
    ['a timeout that is NaN', { timeouts: { totalMs: Number.NaN } }],
    ['no attempts', { retry: { attempts: 0 } }],
    ['a budget above 1', { retry: { budgetRatio: 2 } }],
    ['a status of success to repeat', { retry: { statuses: [200] } }],
    ['a negative hedge', { hedge: { delayMs: -1 } }],
    ['a breaker without failures', { breaker: { failures: 0 } }],
    ['an unknown policy', { allow: 'private' }],
    ['a client and a policy', { client: new Agent(), allow: 'public' }],
    ['a client that cannot send', { client: {} }],
    ['a client that is null', { client: null }],
    ['half a repeat in reserve', { retry: { budgetReserve: 0.5 } }],
    ['a wait for a connection that is NaN', { acquireTimeoutMs: Number.NaN }],
    ['interceptors that are none', { interceptors: [1] }],
    ['a bad header', { headers: { 'a b': 'c' } }],
  ]
  test.each(bad)('with %s', (_name, options) => {
    expect(() => createHttp(options as never)).toThrow(TypeError)
  })
})

test('headers of a call replace those of the client, in any case; undefined takes one off', async () => {
  await using client = createFakeHttp({ headers: { Accept: 'a', 'X-One': '1' } })
  client.script.otherwise({})
  await client.http.request('/', { headers: { accept: 'b', 'x-one': undefined } })
  expect(client.script.requests[0]?.headers).toEqual({ accept: 'b' })
})
