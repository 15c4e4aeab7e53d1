import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import type { HttpInit } from '../request/http-init.ts'
import { HttpResponse } from '../response/http-response.ts'
import { nextHop } from './redirects.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let here: ScriptedServer
let there: ScriptedServer
let http: Http
beforeEach(async () => {
  here = await startScriptedServer()
  there = await startScriptedServer()
  http = createHttp({ origin: here.url, redirect: 'follow', maxRedirects: 3 })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  await here.close()
  await there.close()
})

/** No list of names knows all of these; none may travel. */
const SECRET: Record<string, string> = {
  'x-auth': 'a1',
  'x-jwt': 'a2',
  'private-key': 'a3',
  'x-customer': 'a4',
  host: 'here.invalid',
  origin: 'https://here.invalid',
  referer: 'https://here.invalid/',

  authorization: 'Bearer abc',
  cookie: 'a=b',
  'proxy-authorization': 'Basic abc',
  'x-api-key': 'k1',
  'api-key': 'k2',
  'x-amz-security-token': 't',
  'idempotency-key': 'i',
  'stripe-account': 'acct_1',
}

describe('a redirect', () => {
  test('to another origin takes no credential along', async () => {
    here.reply({ status: 307, headers: { location: `${there.url}/b` } })
    there.reply({ body: 'ok' })
    const kept = { accept: 'text/plain', range: 'bytes=0-9', 'user-agent': 'u' }
    const response = await http.request('/a', { headers: { ...SECRET, ...kept } })
    expect(response.url.href).toBe(`${there.url}/b`)
    const host = new URL(there.url).host
    expect(there.requests[0]?.headers).toEqual({ ...kept, host, connection: 'keep-alive' })
  })

  test('to another origin takes an idempotency key along where that origin is allowed by name', async () => {
    here.otherwise({ status: 307, headers: { location: `${there.url}/b` } })
    there.reply({ status: 503 }, { body: 'done' })
    const init = { method: 'POST', body: 'x', idempotencyKey: 'k' }
    const { url: origin } = here
    const allowedOrigins = [there.url]
    await using named = createHttp({ origin, redirect: 'follow', allowedOrigins })
    expect(await (await named.request('/a', init)).text()).toBe('done')
    const keys = there.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual(['k', 'k'])
  })

  test('is not followed where an idempotency key does not go, as it may be followed again', async () => {
    here.otherwise({ status: 307, headers: { location: `${there.url}/b` } })
    there.otherwise({ body: 'done' })
    const keyed = (method: string) => http.request('/a', { method, idempotencyKey: 'k' })
    const refusal = { code: 'redirected', outcome: 'none', retryable: false }
    for (const method of ['POST', 'PATCH']) {
      await expect(keyed(method)).rejects.toMatchObject(refusal)
    }
    expect(there.requests).toHaveLength(0)
    for (const method of ['GET', 'PUT', 'DELETE']) await keyed(method)
    expect(there.requests.filter(({ headers }) => 'idempotency-key' in headers)).toEqual([])
    expect(there.requests).toHaveLength(3)
  })

  test('to another origin takes a body along only where that origin is allowed by name', async () => {
    here.otherwise({ status: 307, headers: { location: `${there.url}/b` } })
    there.otherwise({ body: 'ok' })
    const init = { method: 'POST', body: 'x', headers: SECRET }
    await expect(http.request('/a', init)).rejects.toMatchObject({ code: 'redirected' })
    expect(there.requests).toHaveLength(0)
    const { url: origin } = here
    await using named = createHttp({ origin, redirect: 'follow', allowedOrigins: [there.url] })
    await named.request('/a', init)
    await using free = createHttp({ redirect: 'follow' })
    await free.request(`${here.url}/a`, init)
    for (const { body, headers } of there.requests) {
      expect(body.toString()).toBe('x')
      expect(headers).not.toHaveProperty('x-auth')
    }
    expect(there.requests).toHaveLength(2)
  })

  test('within the origin keeps them', async () => {
    here.reply({ status: 308, headers: { location: '/b' } }, { body: 'ok' })
    const { host: _, ...headers } = SECRET
    await http.request('/a', { headers })
    expect(here.requests[1]?.headers).toMatchObject(headers)
  })

  test('back to the first origin does not bring them back', async () => {
    here.reply({ status: 307, headers: { location: `${there.url}/b` } })
    there.reply({ status: 307, headers: { location: `${here.url}/c` } })
    here.reply({ body: 'ok' })
    await http.request('/a', { headers: SECRET })
    expect(here.requests[1]?.headers).not.toHaveProperty('authorization')
  })

  const methods: readonly [number, string, string][] = [
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
    [302, 'PUT', 'PUT'],
  ]
  test.each(methods)('%i makes of %s a %s', async (status, method, next) => {
    here.reply({ status, headers: { location: '/b' } }, {})
    await http.request('/a', { method, ...(method === 'HEAD' ? {} : { json: 1 }) })
    expect(here.requests[1]?.method).toBe(next)
    const type = next === 'GET' || next === 'HEAD' ? undefined : 'application/json'
    expect(here.requests[1]?.headers['content-type']).toBe(type)
  })

  test.each([
    ['a URL that is none', 'http://'],
    ['another protocol', 'file:///etc/passwd'],
  ])('to %s is refused', async (_name, location) => {
    here.reply({ status: 302, headers: { location } })
    await expect(http.request('/a')).rejects.toMatchObject({ code: 'redirected' })
  })

  test('to several places is refused, to one that is said twice is not', async () => {
    here.reply({ status: 307, headers: { location: ['/b', '/c'] } })
    const lost = http.request('/a', { method: 'POST', body: 'x' })
    await expect(lost).rejects.toMatchObject({ code: 'redirected', outcome: 'none' })
    expect(here.requests).toHaveLength(1)
    here.reply({ status: 307, headers: { location: ['/b', '/b'] } }, { status: 200 })
    expect((await http.request('/a')).url.pathname).toBe('/b')
  })

  test('is refused when the body cannot be sent again', async () => {
    here.reply({ status: 307, headers: { location: '/b' } })
    const body = new Blob(['x']).stream()
    await expect(http.request('/a', { method: 'PUT', body })).rejects.toMatchObject({
      code: 'redirected',
    })
    expect(here.requests).toHaveLength(1)
  })

  test('is followed only so often', async () => {
    here.otherwise({ status: 302, headers: { location: '/again' } })
    await expect(http.request('/a')).rejects.toMatchObject({ code: 'too_many_redirects' })
    expect(here.requests).toHaveLength(4)
  })

  const modes: readonly [HttpInit['redirect'], string][] = [
    ['error', 'redirected'],
    ['manual', '302'],
  ]
  test.each(modes)('with %s is %s', async (redirect, expected) => {
    here.reply({ status: 302, headers: { location: '/b?token=abc' } })
    const told = await http.request('/a', redirect === undefined ? {} : { redirect }).then(
      ({ status }) => String(status),
      (error: { code: string; answer: { headers: Record<string, string> } }) => {
        expect(error.answer.headers['location']).not.toContain('abc')
        return error.code
      },
    )
    expect(told).toBe(expected)
    expect(here.requests).toHaveLength(1)
  })
})

describe('the outcome of a POST that was redirected', () => {
  const post = async (init: HttpInit = {}): Promise<unknown> =>
    await http
      .request('/a', { method: 'POST', body: 'x', ...init })
      .catch((reason: unknown) => reason)
  const away = (
    status: number,
    location = '/b',
  ): { status: number; headers: { location: string } } => ({
    status,
    headers: { location },
  })

  // 301 and 302 are how forms are answered after they have been saved; 303 says so itself.
  test.each([301, 302, 303])('by %i stays unknown, whatever the next answer is', async (status) => {
    for (const next of [404, 400, 501, 429] as const) {
      here.reply(away(status), { status: next })
      expect(await post()).toMatchObject({ status: next, outcome: 'unknown' })
    }
    expect(here.requests.filter(({ method }) => method === 'POST')).toHaveLength(4)
  })

  test.each([301, 302, 303])(
    'by %i is unknown when the next hop is not reached',
    async (status) => {
      here.reply(away(status, 'http://host.invalid/'))
      expect(await post()).toMatchObject({ code: 'dns_failed', outcome: 'unknown' })
      // Nothing left for the second host, and still the first must not be asked again.
      expect(here.requests).toHaveLength(1)
    },
  )

  test.each([301, 302, 303])('by %i is unknown when the redirect is refused', async (status) => {
    here.reply(away(status, 'file:///etc/passwd'))
    expect(await post()).toMatchObject({ code: 'redirected', outcome: 'unknown' })
    here.reply(away(status), away(302), away(302), away(302))
    expect(await post()).toMatchObject({ code: 'too_many_redirects', outcome: 'unknown' })
    here.reply(away(status))
    expect(await post({ redirect: 'error' })).toMatchObject({ outcome: 'unknown' })
  })

  test.each([307, 308])('by %i is that of the next hop', async (status) => {
    here.reply(away(status), { status: 404 })
    expect(await post()).toMatchObject({ status: 404, outcome: 'none' })
    here.reply(away(status, 'file:///etc/passwd'))
    expect(await post()).toMatchObject({ code: 'redirected', outcome: 'none' })
  })

  test('is none for a GET all the same', async () => {
    here.reply(away(302), { status: 500 })
    const error: unknown = await http
      .request('/a', { retry: false })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 500, outcome: 'none' })
  })
})

test('each hop is checked against the allowed addresses', async () => {
  here.reply({ status: 302, headers: { location: there.url.replace('127.0.0.1', 'localhost') } })
  const only = createHttp({ redirect: 'follow', allow: ({ hostname }) => hostname !== 'localhost' })
  await expect(only.request(here.url)).rejects.toMatchObject({ code: 'address_refused' })
  expect(there.connected).toBe(0)
  await only.close()
})

test('from https: to http: nobody goes', () => {
  const url = new URL('https://host.invalid/a')
  const hop = { method: 'GET', url, headers: {}, body: undefined }
  const context = { method: 'GET', url, headers: {}, effect: 'read' } as const
  const request = { ...hop, attempt: 1, signal: new AbortController().signal }
  const to = (location: string): HttpResponse =>
    HttpResponse.of(request, { status: 302, headers: { location } })
  const rules = { origin: undefined, allowedOrigins: undefined }
  const go = (location: string): URL => nextHop(rules, context, hop, to(location)).url
  expect(() => go('http://host.invalid/b')).toThrow('from https: to http:')
  expect(go('/b').href).toBe('https://host.invalid/b')
})
