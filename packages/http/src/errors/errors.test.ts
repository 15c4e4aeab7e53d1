import { inspect } from 'node:util'
import { IoError } from '@yuzuru/concurrency'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import { HttpError } from './http-error.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

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
      code: 'invalid_request',
    })
    expect(error.answer?.headers).toMatchObject({ 'x-request-id': 'req_1' })
    expect(error.answer?.json).toEqual({ error: { code: 'card_declined' } })
    expect(error.message).toBe(`GET ${server.url}/charges answered 402`)
  })

  test.each(['request', 'stream'] as const)('of %s keeps the first 4 kB', async (verb) => {
    server.reply({ status: 500, body: 'x'.repeat(1_000_000) })
    const error = await failureOf(http[verb]('/', { maxBytes: 10_000 }))
    expect(error).toMatchObject({ code: 'unavailable', status: 500 })
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

  test.each([4_080, 4_095, 4_096, 4_097, 4_100])(
    'shows no part of a token across the end of what is kept, from byte %i',
    async (at) => {
      const lead = 'x'.repeat(at - 20)
      const pieces = [
        ' token=SECRET-one-SECRET ',
        ' Bearer SECRET-two-SECRET ',
        ' sk_live_SECRETSECRETSECRET ',
        ' 7SECRET-sent-SECRET ',
      ]
      for (const piece of pieces) {
        for (const tail of ['', 'y'.repeat(10_000), 'y'.repeat(100_000)]) {
          server.reply({ status: 500, body: lead + piece + tail })
          const error = await failureOf(http.request('/', { json: { a: '7SECRET-sent-SECRET' } }))
          expect(error.answer?.body).not.toContain('SECRET')
          expect(error.answer?.body.length).toBeLessThanOrEqual(4_096)
        }
      }
    },
  )

  test.each([100, 4_000, 5_000])(
    'shows none that maxBytes cuts off after %i bytes',
    async (maxBytes) => {
      const lead = 'x'.repeat(maxBytes - 6)
      server.reply({ status: 500, body: `${lead} SECRET7sent` })
      const error = await failureOf(
        http.request('/', { maxBytes, headers: { 'x-any': 'SECRET7sent' } }),
      )
      expect(error.answer?.body).not.toContain('SEC')
    },
  )

  test('shows nothing of what was sent, in whatever form it comes back', async () => {
    const sent: readonly [string, Parameters<Http['request']>[1]][] = [
      ['the query', { query: { q: 'SECRET 1&<"/>' } }],
      ['a header of any name', { headers: { 'x-tenant': 'SECRET 1&<"/>' } }],
      ['a header of Basic', { headers: { authorization: `Basic ${btoa('user:SECRET 1&<"/>')}` } }],
      ['JSON', { json: { a: [{ b: 'SECRET 1&<"/>' }] } }],
      ['a form', { body: new URLSearchParams({ a: 'SECRET 1&<"/>' }) }],
      ['a text', { body: 'SECRET 1&<"/>' }],
    ]
    const secret = 'SECRET 1&<"/>'
    const escaped = 'SECRET 1&amp;&lt;&quot;/&gt;'
    for (const [, init] of sent) {
      for (const body of [
        `no such value: ${secret}!`,
        JSON.stringify({ errors: [[secret], { [secret]: { at: secret } }] }),
        JSON.stringify([`${secret}${secret}`]).slice(0, -1),
        new URLSearchParams({ message: secret }).toString(),
        encodeURIComponent(secret),
        `<Error><Message>${escaped}</Message></Error>`,
      ]) {
        server.reply({ status: 400, headers: { 'x-reason': `bad: ${secret}` }, body })
        const error = await failureOf(http.request('/', { method: 'POST', ...init }))
        expect(inspect(error, { depth: 20 })).not.toContain('SECRET')
      }
    }
  })

  test('shows no secret of the answer in JSON lists and objects, forms and XML', async () => {
    for (const body of [
      JSON.stringify({ tokens: ['SECRET', 'SECRET'], credentials: { a: { b: 'SECRET' } } }),
      JSON.stringify([{ name: 'password', value: 'SECRET' }, ['api_key', 'SECRET']]),
      JSON.stringify({ message: '{"password":"SECRET SECRET"}' }),
      'error=1&client_secret=SECRET&refresh_token=SECRET',
      '<Result><SecretAccessKey>SECRET SECRET</SecretAccessKey></Result>',
      'could not connect to postgres://u:SECRET@SECRET@host',
    ]) {
      server.reply({ status: 400, body })
      const error = await failureOf(http.request('/'))
      expect(inspect(error, { depth: 20 })).not.toContain('SECRET')
    }
  })

  test('keeps what helps: the codes, the names and the sentence', async () => {
    const answer = {
      error: {
        code: 'invalid_grant',
        status: 'NOT_FOUND',
        param: 'customer',
        message: 'No such customer',
      },
      details: [{ field: 'email', reason: 'required' }],
    }
    server.reply({ status: 400, json: answer })
    const json = { grant_type: 'invalid_grant', status: 'NOT_FOUND', customer: 'cus_1234567890' }
    const error = await failureOf(http.request('/', { json }))
    expect(error.answer?.json).toEqual(answer)
  })

  test('is known by another copy of the package', () => {
    const foreign = Object.create({ [Symbol.for('yuzuru.HttpError')]: true }) as unknown
    expect(HttpError.isInstance(foreign)).toBe(true)
    expect(HttpError.isInstance(new Error('other'))).toBe(false)
  })
})
