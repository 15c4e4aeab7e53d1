import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from './http.ts'
import type { HttpInit } from './http-request.ts'
import { HttpResponse } from './http-response.ts'
import { nextHop } from './redirects.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

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

const SECRET: Record<string, string> = {
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
    const headers = { ...SECRET, 'x-plain': 'p' }
    const response = await http.request('/a', { method: 'POST', body: 'x', headers })
    expect(response.url.href).toBe(`${there.url}/b`)
    const [request] = there.requests
    expect(request?.headers).toMatchObject({ 'x-plain': 'p', host: new URL(there.url).host })
    for (const name of Object.keys(SECRET)) expect(request?.headers).not.toHaveProperty(name)
    expect(request?.body.toString()).toBe('x')
  })

  test('within the origin keeps them', async () => {
    here.reply({ status: 308, headers: { location: '/b' } }, { body: 'ok' })
    await http.request('/a', { headers: SECRET })
    expect(here.requests[1]?.headers).toMatchObject(SECRET)
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
  expect(() => nextHop(context, hop, to('http://host.invalid/b'))).toThrow('from https: to http:')
  expect(nextHop(context, hop, to('/b')).url.href).toBe('https://host.invalid/b')
})
