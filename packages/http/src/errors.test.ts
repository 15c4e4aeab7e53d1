import { inspect } from 'node:util'
import { IoError } from '@yuzuru/concurrency'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from './http.ts'
import { HttpError } from './http-error.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
let http: Http
beforeEach(async () => {
  server = await startScriptedServer()
  http = createHttp({ origin: server.url, retry: false })
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

describe('an error', () => {
  test('keeps status, headers and body', async () => {
    server.reply({
      status: 402,
      headers: { 'x-request-id': 'req_1' },
      json: { error: { code: 'card_declined' } },
    })
    const error = await failureOf(http.json('/charges'))
    expect(error).toBeInstanceOf(IoError)
    expect(error).toMatchObject({
      boundary: 'http',
      operation: 'GET',
      status: 402,
      code: 'refused',
    })
    expect(error.answer?.headers).toMatchObject({ 'x-request-id': 'req_1' })
    expect(error.answer?.json).toEqual({ error: { code: 'card_declined' } })
    expect(error.message).toBe(`GET ${server.url}/charges answered 402`)
  })

  test.each(['request', 'stream'] as const)('of %s keeps the first 4 kB', async (verb) => {
    server.reply({ status: 500, body: 'x'.repeat(1_000_000) })
    const error = await failureOf(http[verb]('/', { maxBytes: 10_000 }))
    expect(error).toMatchObject({ code: 'server_error', status: 500 })
    expect(error.answer?.body).toBe('x'.repeat(4_096))
    expect(error.answer?.json).toBeUndefined()
    expect(http.stats().origins[0]?.running).toBe(0)
  })

  test('shows no secret, wherever it comes from', async () => {
    const secrets = {
      authorization: 'Bearer SECRET-authorization',
      cookie: 'sid=SECRET-cookie',
      'proxy-authorization': 'Basic SECRET-proxy',
      'x-api-key': 'SECRET-api-key',
      'x-amz-security-token': 'SECRET-amz',
    }
    server.reply({
      status: 401,
      headers: {
        'set-cookie': ['sid=SECRET-set'],
        location: 'https://host.example/cb?code=SECRET-location#SECRET-fragment',
        'x-csrf-token': 'SECRET-csrf',
      },
      json: {
        message: 'the key SECRET-authorization is invalid, as is SECRET-cookie',
        access_token: 'SECRET-access',
        nested: { refresh_token: 'SECRET-refresh', client_secret: 'SECRET-client' },
      },
    })
    const error = await failureOf(
      http.request('/token', {
        query: { token: 'SECRET-query', 'X-Amz-Signature': 'SECRET-sig' },
        headers: secrets,
      }),
    )
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET')
    expect(JSON.stringify(error)).not.toContain('SECRET')
    expect(error.url).toBe(`${server.url}/token?token=[redacted]&X-Amz-Signature=[redacted]`)
    expect(error.answer?.json).toMatchObject({ access_token: '[redacted]' })
  })

  test('shows no secret that an interceptor added', async () => {
    server.reply({ status: 401, body: 'no such key: SECRET-late' })
    const authorized = createHttp({
      origin: server.url,
      interceptors: [
        (next) => (request) =>
          next({
            ...request,
            headers: { ...request.headers, authorization: 'Bearer SECRET-late' },
          }),
      ],
    })
    const error = await failureOf(authorized.request('/'))
    expect(inspect(error, { depth: 20 })).not.toContain('SECRET')
    await authorized.close()
  })

  test('is known by another copy of the package', () => {
    const foreign = Object.create({ [Symbol.for('yuzuru.HttpError')]: true }) as unknown
    expect(HttpError.isInstance(foreign)).toBe(true)
    expect(HttpError.isInstance(new Error('other'))).toBe(false)
  })
})
