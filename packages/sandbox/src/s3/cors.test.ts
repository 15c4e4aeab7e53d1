import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Cors } from './cors.ts'
import { startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    cors: [
      {
        origins: ['https://*.app.example'],
        methods: ['GET', 'PUT'],
        headers: ['content-type', 'x-amz-meta-*'],
        exposeHeaders: ['ETag'],
        maxAgeSeconds: 600,
      },
      { origins: ['*'], methods: ['GET'] },
    ],
  })
})
afterAll(() => server[Symbol.asyncDispose]())

async function preflight(
  headers: Record<string, string>,
  url: string = `${server.s3.endpoint}/plans/key?partNumber=1&uploadId=x`,
): Promise<Response> {
  return await fetch(url, { method: 'OPTIONS', headers })
}

describe('a preflight', () => {
  const origin = 'https://a.app.example'

  test('is answered without a signature, as the first rule that fits it says', async () => {
    const answer = await preflight({
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'Content-Type, x-amz-meta-id',
    })
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'content-type, x-amz-meta-id',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'ETag',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  })

  test.each([
    ['another origin', { origin: 'https://app.example', 'access-control-request-method': 'PUT' }],
    ['another method', { origin, 'access-control-request-method': 'DELETE' }],
    [
      'another header',
      {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'x-other',
      },
    ],
  ])('from %s is refused', async (_, headers) => {
    const answer = await preflight(headers)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(await answer.text()).toContain('<Code>AccessForbidden</Code>')
  })

  test('that says too little, or asks for a bucket that is not there, is refused', async () => {
    expect((await preflight({ 'access-control-request-method': 'PUT' })).status).toBe(400)
    expect((await preflight({ origin })).status).toBe(400)
    const headers = { origin, 'access-control-request-method': 'PUT' }
    expect((await preflight(headers, `${server.s3.endpoint}/nothing/key`)).status).toBe(404)
    expect((await preflight(headers, server.s3.endpoint)).status).toBe(405)
  })

  test('is refused where no rule was set', async () => {
    await using plain = await startTestServer()
    const headers = { origin, 'access-control-request-method': 'PUT' }
    const answer = await preflight(headers, `${plain.s3.endpoint}/plans/key`)
    expect([answer.status, (await answer.text()).includes('CORS is not enabled')]).toEqual([
      403,
      true,
    ])
  })
})

describe('an answer', () => {
  test('may be read by the scripts that a rule lets in, also when it is a refusal', async () => {
    const headers = { origin: 'https://a.app.example' }
    const put = await server.send({ method: 'PUT', body: 'x', headers })
    expect(put.status).toBe(200)
    expect(put.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.app.example',
      'access-control-expose-headers': 'ETag',
    })
    const refused = await server.send({
      method: 'PUT',
      body: 'x',
      headers,
      sign: { secretAccessKey: 'guess' },
    })
    expect(refused.status).toBe(403)
    expect(refused.headers['access-control-allow-origin']).toBe('https://a.app.example')
  })

  test('says * without credentials where everybody may', async () => {
    const { headers } = await server.send({ headers: { origin: 'https://other.example' } })
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(headers['access-control-allow-credentials']).toBeUndefined()
  })

  test('has no such headers for other origins, nor without an origin', async () => {
    const others = { origin: 'https://other.example' }
    const answers = [
      await server.send({ method: 'PUT', body: 'x', headers: others }),
      await server.send({}),
    ]
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})

test('a rule with two stars is refused at the start', () => {
  expect(() => new Cors([{ origins: ['https://*.*.example'], methods: ['GET'] }])).toThrow(
    TypeError,
  )
})
