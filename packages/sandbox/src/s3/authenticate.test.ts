import type { IncomingMessage } from 'node:http'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authenticate } from './authenticate.ts'
import { parseRequest } from './request.ts'
import { startTestServer, type TestServer } from './test-server.ts'

/** AWS's published example account. */
const example = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  now: () => Date.parse('2013-05-24T00:00:00Z'),
}

function messageOf(method: string, url: string, headers: Record<string, string>): IncomingMessage {
  const headersDistinct = Object.fromEntries(
    Object.entries({ host: 'examplebucket.s3.amazonaws.com', ...headers }).map(([name, value]) => [
      name,
      [value],
    ]),
  )
  return { method, url, headers, headersDistinct } as unknown as IncomingMessage
}

let server: TestServer
let now: number

beforeAll(async () => {
  // Whole seconds, as signatures have no finer ones.
  now = Math.floor(Date.now() / 1_000) * 1_000
  server = await startTestServer({ now: () => now })
  await server.client.send(new PutObjectCommand({ Bucket: 'plans', Key: 'key', Body: 'secret' }))
})

afterAll(() => server[Symbol.asyncDispose]())

describe('AWS’s published examples', () => {
  test('GET with a range verifies', () => {
    const message = messageOf('GET', '/test.txt', {
      range: 'bytes=0-9',
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-amz-date': '20130524T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    })
    expect(authenticate(parseRequest(message), example).timestamp).toBe('20130524T000000Z')
  })

  test('a presigned URL verifies', () => {
    const message = messageOf(
      'GET',
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
      {},
    )
    expect(authenticate(parseRequest(message), example).payloadHash).toBe('UNSIGNED-PAYLOAD')
  })
})

describe('signature in the header', () => {
  test('a right one is let in, whatever the order and encoding of the query', async () => {
    const answer = await server.send({ path: '/plans?prefix=a%20b%2Fc&list-type=2&delimiter=%2F' })
    expect(answer.status).toBe(200)
  })

  test.each([
    ['path', (sent: { path: string }) => (sent.path = '/plans/other')],
    ['query', (sent: { path: string }) => (sent.path += '?response-expires=0')],
    [
      'header',
      (sent: { headers: Record<string, string> }) =>
        (sent.headers['x-amz-date'] = '20200101T000000Z'),
    ],
    [
      'signature',
      (sent: { headers: Record<string, string> }) =>
        (sent.headers['authorization'] = sent.headers['authorization']!.replace(/.$/, (c) =>
          c === '0' ? '1' : '0',
        )),
    ],
  ])('a tampered %s is refused', async (what, tamper) => {
    const answer = await server.send({ tamper })
    expect(answer.status).toBe(what === 'header' ? 400 : 403)
    expect(answer.code).toBe(
      what === 'header' ? 'AuthorizationHeaderMalformed' : 'SignatureDoesNotMatch',
    )
    expect(answer.text).not.toContain('secret')
    expect(answer.headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/)
    expect(answer.text).toContain(`<RequestId>${String(answer.headers['x-amz-request-id'])}<`)
    expect(answer.headers['x-amz-id-2']).toBeTruthy()
  })

  test('a wrong secret is refused', async () => {
    const answer = await server.send({ sign: { secretAccessKey: 'guess' } })
    expect([answer.status, answer.code]).toEqual([403, 'SignatureDoesNotMatch'])
  })

  test('an unknown access key is refused by its name', async () => {
    const answer = await server.send({ sign: { accessKeyId: 'nobody' } })
    expect([answer.status, answer.code]).toEqual([403, 'InvalidAccessKeyId'])
  })

  test('another region is refused, and the right one is named', async () => {
    const answer = await server.send({ sign: { region: 'eu-west-1' } })
    expect([answer.status, answer.code]).toEqual([400, 'AuthorizationHeaderMalformed'])
    expect(answer.text).toContain('<Region>us-east-1</Region>')
  })

  test('a header of x-amz-* that was not signed is refused', async () => {
    const answer = await server.send({
      tamper: ({ headers }) => (headers['x-amz-meta-added'] = 'later'),
    })
    expect([answer.status, answer.code]).toEqual([403, 'AccessDenied'])
    expect(answer.text).toContain('x-amz-meta-added')
  })

  test('a clock that is 15 minutes off is accepted, one second more is not', async () => {
    const base = Math.floor(now / 1_000) * 1_000
    const within = await server.send({ sign: { at: now - 15 * 60_000 + 1_000 } })
    const past = await server.send({ sign: { at: base - 15 * 60_000 - 1_000 } })
    const future = await server.send({ sign: { at: base + 15 * 60_000 + 2_000 } })
    expect(within.status).toBe(200)
    expect([past.status, past.code]).toEqual([403, 'RequestTimeTooSkewed'])
    expect([future.status, future.code]).toEqual([403, 'RequestTimeTooSkewed'])
  })

  test('a request without any signature is refused', async () => {
    const answer = await fetch(`${server.s3.endpoint}/plans/key`)
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>')
  })

  test('signature version 2 is refused', async () => {
    const answer = await server.send({
      tamper: ({ headers }) => (headers['authorization'] = 'AWS a:b'),
    })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidRequest'])
  })

  test('a client of another region learns the right one from the SDK’s error', async () => {
    const client = new S3Client({
      endpoint: server.s3.endpoint,
      region: 'ap-northeast-1',
      credentials: {
        accessKeyId: server.s3.accessKeyId,
        secretAccessKey: server.s3.secretAccessKey,
      },
    })
    const failure = client.send(new ListObjectsV2Command({ Bucket: 'plans' }))
    await expect(failure).rejects.toMatchObject({ name: 'AuthorizationHeaderMalformed' })
    client.destroy()
  })
})

describe('presigned URL', () => {
  const presign = (expiresIn: number): Promise<string> =>
    getSignedUrl(server.client, new GetObjectCommand({ Bucket: 'plans', Key: 'key' }), {
      expiresIn,
      signingDate: new Date(now),
    })

  async function codeOf(url: string, init?: RequestInit): Promise<string | undefined> {
    const response = await fetch(url, init)
    return /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? String(response.status)
  }

  test('works until it expires, and not a second longer', async () => {
    const url = await presign(60)
    expect(await codeOf(url)).toBe('200')
    now += 59_000
    expect(await codeOf(url)).toBe('200')
    now += 1_000
    const response = await fetch(url)
    const text = await response.text()
    expect(response.status).toBe(403)
    expect(text).toContain('<Message>Request has expired</Message>')
    expect(text).toContain('<X-Amz-Expires>60</X-Amz-Expires>')
  })

  test('is bound to its path, its method, its parameters and its lifetime', async () => {
    const url = await presign(60)
    expect(await codeOf(url.replace('/key', '/other'))).toBe('SignatureDoesNotMatch')
    expect(await codeOf(url, { method: 'DELETE' })).toBe('SignatureDoesNotMatch')
    expect(await codeOf(`${url}&response-content-type=text/html`)).toBe('SignatureDoesNotMatch')
    const longer = url.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000')
    expect(await codeOf(longer)).toBe('SignatureDoesNotMatch')
  })

  test.each(['604801', '-1', 'soon', ''])('a lifetime of %o is refused', async (value) => {
    const url = (await presign(60)).replace('X-Amz-Expires=60', `X-Amz-Expires=${value}`)
    expect(await codeOf(url)).toBe('AuthorizationQueryParametersError')
  })

  test('one from the future is not valid yet', async () => {
    const command = new GetObjectCommand({ Bucket: 'plans', Key: 'key' })
    const signingDate = new Date(now + 16 * 60_000)
    expect(await codeOf(await getSignedUrl(server.client, command, { signingDate }))).toBe(
      'AccessDenied',
    )
  })

  test('a header of x-amz-* beside it is refused', async () => {
    const headers = { 'x-amz-meta-added': 'later' }
    expect(await codeOf(await presign(60), { headers })).toBe('AccessDenied')
  })
})
