import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { createFakeHttp } from '../testing/fake-http.ts'
import { createHttp } from '../http.ts'
import { requestUrl, type UrlRules } from './request-url.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

const rules = (origin: string, allowedOrigins?: readonly string[] | 'any'): UrlRules => ({
  origin: new URL(origin),
  allowedOrigins: Array.isArray(allowedOrigins)
    ? new Set(allowedOrigins)
    : (allowedOrigins as 'any'),
})

/** Spellings of another host, after the cases of the WHATWG URL standard. */
const ELSEWHERE: readonly string[] = [
  '//evil.example/x',
  '///evil.example/x',
  '////evil.example/x',
  '/\\evil.example/x',
  '\\/evil.example/x',
  '\\\\evil.example/x',
  '\\\\\\\\evil.example/x',
  '/\t/evil.example/x',
  '/\n/evil.example/x',
  '/\r/evil.example/x',
  '\t//evil.example/x',
  '\n/\\evil.example/x',
  ' //evil.example/x',
  '\0//evil.example/x',
  '\x1f\\\\evil.example/x',
  '/\t\\evil.example/x',
  '//evil.example:443/x',
  '//EVIL.example/x',
  '//api.example@evil.example/x',
  '//api.example:443@evil.example/x',
  '//api.example%40evil.example/x',
  '//evil.example\\@api.example/x',
  '//evil.example?@api.example/x',
  '//evil.example#@api.example/x',
  '//api.example.evil.example/x',
  '//api.example./x',
  '//api.example:444/x',
  '//api%2eexample.evil/x',
  '//ｅｖｉｌ.example/x',
  '//evil。example/x',
  '//xn--0zwm56d.example/x',
  '//例え.example/x',
  '//127.0.0.1/x',
  '//0x7f.1/x',
  '//2130706433/x',
  '//[::1]/x',
  '//[::ffff:127.0.0.1]/x',
  'http://evil.example/x',
  'HTTP://evil.example/x',
  'hTtPs:\\\\evil.example\\x',
  'https:///evil.example',
  'ht\ntps://evil.example/',
  'http:/evil.example/x',
  'http:evil.example/x',
  'http://api.example/x',
  'http://api.example:443/x',
  'ftp://api.example/x',
  'ws://api.example/x',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:,x',
  'blob:https://api.example/x',
  'users:1',
]

/** Spellings of the client's own host. */
const HERE: readonly (readonly [string, string])[] = [
  ['/x', '/x'],
  ['x', '/x'],
  ['', '/'],
  ['?a=1', '/?a=1'],
  ['/x//evil.example', '/x//evil.example'],
  ['/x/\\evil.example', '/x//evil.example'],
  ['/@evil.example', '/@evil.example'],
  ['/:80/x', '/:80/x'],
  ['/%2f%2fevil.example', '/%2f%2fevil.example'],
  ['/%5c%5cevil.example', '/%5c%5cevil.example'],
  ['/.//evil.example', '//evil.example'],
  ['/..//evil.example', '//evil.example'],
  ['/https://evil.example', '/https://evil.example'],
  ['https://api.example/x', '/x'],
  ['HTTPS://API.example:443/x', '/x'],
  ['https:\\\\api.example\\x', '/x'],
  ['https:x', '/x'],
  ['https:evil.example', '/evil.example'],
  ['https:\\evil.example', '/evil.example'],
  ['//api.example/x', '/x'],
  ['//ａｐｉ.example/x', '/x'],
  ['//api%2eexample/x', '/x'],
]

describe('a client with an origin', () => {
  const own = rules('https://api.example/')

  test.each(ELSEWHERE)('refuses %j before anything is sent', (target) => {
    expect(() => requestUrl(own, target, undefined)).toThrow(TypeError)
  })

  test.each(HERE)('takes %j as %s of its own', (target, expected) => {
    const { origin, pathname, search } = requestUrl(own, target, undefined)
    expect(origin).toBe('https://api.example')
    expect(pathname + search).toBe(expected)
  })

  test('never addresses another origin, whatever the text', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '//',
      '@',
      ':',
      '?',
      '#',
      '.',
      '..',
      '%2f',
      '%2e',
      '\t',
      '\n',
      ' ',
      '\0',
      'evil.example',
      'api.example',
      'http:',
      'https:',
      'ftp:',
      'file:',
      'user',
      '443',
      '[::1]',
      'é',
    )
    const target = fc.array(pieces, { maxLength: 10 }).map((each) => each.join(''))
    fc.assert(
      fc.property(fc.oneof(target, fc.webUrl(), fc.string()), (text) => {
        let url: URL
        try {
          url = requestUrl(own, text, undefined)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(url.origin).toBe('https://api.example')
        expect(url.username + url.password).toBe('')
      }),
      { numRuns: 5_000 },
    )
  })

  test('addresses another by name, scheme and port', () => {
    const named = rules('https://api.example/', ['https://cdn.example'])
    expect(requestUrl(named, 'https://cdn.example/x', undefined).href).toBe('https://cdn.example/x')
    for (const other of [
      'http://cdn.example/',
      'https://cdn.example:444/',
      'https://cdn.example./',
    ]) {
      expect(() => requestUrl(named, other, undefined)).toThrow('allowedOrigins')
    }
    const any = rules('https://api.example/', 'any')
    expect(requestUrl(any, '//evil.example/x', undefined).href).toBe('https://evil.example/x')
  })
})

describe('an origin with a base path', () => {
  const base = rules('https://api.example/v1')

  test.each([
    ['/users', '/v1/users'],
    ['users', '/v1/users'],
    ['', '/v1/'],
    ['?a=1', '/v1/?a=1'],
    ['/', '/v1/'],
    ['/a/../b', '/v1/b'],
    ['/a%2fb', '/v1/a%2fb'],
    ['/a%2f..b', '/v1/a%2f..b'],
    ['https://api.example/v1/users', '/v1/users'],
    ['//api.example/v1', '/v1'],
  ])('keeps it: %j is %s', (target, expected) => {
    const { pathname, search } = requestUrl(base, target, undefined)
    expect(pathname + search).toBe(expected)
  })

  test.each([
    '/..',
    '/../v2',
    '../v2',
    '/%2e%2e/v2',
    '/.%2E/v2',
    '/a/../../v2',
    '/..\\v2',
    '/\\..\\v2',
    '/../v1x',
    '/a%2f..%2f..%2fv2',
    '/a%5c%2e%2e%5c..%5cv2',
    '/..%2fv2',
    'https://api.example/v2',
    'https://api.example/v1x',
    '/\t/api.example/v2',
  ])('is not left by %j', (target) => {
    expect(() => requestUrl(base, target, undefined)).toThrow(TypeError)
  })

  test('is not left by any text', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2e',
      '%2F',
      '%5c',
      'a',
      'v1',
      '\t',
      '?',
      '#',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        let url: URL
        try {
          url = requestUrl(base, parts.join(''), undefined)
        } catch {
          return
        }
        expect(`${url.pathname}/`).toMatch(/^\/v1\//)
        const decoded = decodeURIComponent(url.pathname).replaceAll('\\', '/')
        expect(`${new URL(decoded, 'https://api.example').pathname}/`).toMatch(/^\/v1\//)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('on the wire', () => {
  let here: ScriptedServer
  let there: ScriptedServer
  beforeEach(async () => {
    here = await startScriptedServer()
    there = await startScriptedServer()
    here.otherwise({ body: 'here' })
    there.otherwise({ body: 'there' })
  })
  afterEach(async () => {
    await here.close()
    await there.close()
  })
  const headers = { authorization: 'Bearer SECRET', 'x-tenant': '1' }

  test('another host never gets the client’s headers: it is not even connected to', async () => {
    await using http = createHttp({ origin: here.url, headers })
    const { host } = new URL(there.url)
    for (const target of [
      there.url,
      `//${host}/x`,
      `/\\${host}/x`,
      `\\\\${host}`,
      new URL(there.url),
    ]) {
      for (const verb of ['request', 'json', 'stream'] as const) {
        await expect(http[verb](target)).rejects.toThrow(TypeError)
      }
    }
    expect(there.connected).toBe(0)
    expect(here.connected).toBe(0)
  })

  test('one that is allowed by name gets the headers of the call, not those of the client', async () => {
    await using http = createHttp({ origin: here.url, headers, allowedOrigins: [there.url] })
    await http.request(`${there.url}/x`, { headers: { 'x-call': '2' } })
    await http.request('/y', { headers: { 'x-call': '2' } })
    expect(there.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(there.requests[0]?.headers).not.toHaveProperty('x-tenant')
    expect(there.requests[0]?.headers).toHaveProperty('x-call', '2')
    expect(here.requests[0]?.headers).toMatchObject({ ...headers, 'x-call': '2' })
  })

  test('an interceptor that sends a request elsewhere is held to the same', async () => {
    const move = createHttp({
      origin: here.url,
      headers,
      interceptors: [(next) => (request) => next({ ...request, url: new URL(there.url) })],
    })
    await expect(move.request('/x')).rejects.toThrow('allowedOrigins')
    expect(there.connected).toBe(0)
    await move.close()
    await using named = createHttp({
      origin: here.url,
      headers,
      allowedOrigins: [there.url],
      interceptors: [
        (next) => (request) =>
          next({
            ...request,
            url: new URL(there.url),
            headers: { ...request.headers, 'x-own': '3' },
          }),
      ],
    })
    await named.request('/x')
    expect(there.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(there.requests[0]?.headers).toHaveProperty('x-own', '3')
  })

  test('a base path is sent', async () => {
    await using http = createHttp({ origin: `${here.url}/v1/` })
    await http.request('/users?a=1', { query: { b: 2 } })
    expect(here.requests[0]?.path).toBe('/v1/users?a=1&b=2')
  })
})

test('without an origin, allowedOrigins is the list of all that may be addressed', () => {
  const listed: UrlRules = { origin: undefined, allowedOrigins: new Set(['https://a.example']) }
  expect(requestUrl(listed, 'https://a.example/x', undefined).pathname).toBe('/x')
  expect(() => requestUrl(listed, 'https://b.example/x', undefined)).toThrow(TypeError)
})

test.each([
  ['a query', { origin: 'https://a.example/?x=1' }],
  ['a fragment', { origin: 'https://a.example/#x' }],
  ['allowedOrigins that are no list', { allowedOrigins: 'https://a.example' }],
  ['allowedOrigins with a path', { allowedOrigins: ['https://a.example/v1'] }],
  ['allowedOrigins with credentials', { allowedOrigins: ['https://u:p@a.example'] }],
  ['allowedOrigins that are no URL', { allowedOrigins: ['a.example'] }],
])('a client with %s is refused', (_name, options) => {
  expect(() => createHttp(options as never)).toThrow(TypeError)
})

test('the fake refuses what the real client refuses', async () => {
  await using fake = createFakeHttp({ origin: 'https://api.example/v1', headers: { 'x-key': 'k' } })
  fake.script.otherwise({})
  await expect(fake.http.request('//evil.example/x')).rejects.toThrow(TypeError)
  await expect(fake.http.request('/../x')).rejects.toThrow(TypeError)
  await fake.http.request('/x')
  expect(fake.script.requests.map(({ path }) => path)).toEqual(['/v1/x'])
})
