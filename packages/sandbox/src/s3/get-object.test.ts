import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from './test-server.ts'

const Bucket = 'plans'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await server.client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: '0123456789' }))
  await server.client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }))
})
afterAll(() => server[Symbol.asyncDispose]())

describe('GetObject', () => {
  test('returns what was put with it: type, disposition, metadata, number of tags', async () => {
    await server.client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'described',
        Body: 'x',
        ContentType: 'application/pdf',
        ContentDisposition: 'inline; filename="a.pdf"',
        ContentEncoding: 'identity',
        CacheControl: 'max-age=60',
        ContentLanguage: 'ja',
        Metadata: { office: '12', plan: 'a b' },
        Tagging: 'kind=plan&year=%E4%BB%A4%E5%92%8C8',
      }),
    )
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key: 'described' }))
    expect(got).toMatchObject({
      ContentType: 'application/pdf',
      ContentDisposition: 'inline; filename="a.pdf"',
      ContentEncoding: 'identity',
      CacheControl: 'max-age=60',
      ContentLanguage: 'ja',
      ContentLength: 1,
      Metadata: { office: '12', plan: 'a b' },
      TagCount: 2,
      ETag: '"9dd4e461268c8034f5c8564e155c67a6"',
      AcceptRanges: 'bytes',
    })
    await got.Body!.transformToByteArray()
    const tags = await server.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'described' }))
    expect(tags.TagSet).toEqual([
      { Key: 'kind', Value: 'plan' },
      { Key: 'year', Value: '令和8' },
    ])
  })

  test('what is not there is NoSuchKey, and for HEAD a bare 404', async () => {
    await expect(
      server.client.send(new GetObjectCommand({ Bucket, Key: 'none' })),
    ).rejects.toMatchObject({ name: 'NoSuchKey', Key: 'none' })
    await expect(
      server.client.send(new HeadObjectCommand({ Bucket, Key: 'none' })),
    ).rejects.toMatchObject({ name: 'NotFound' })
    await expect(
      server.client.send(new GetObjectCommand({ Bucket: 'nowhere', Key: 'a' })),
    ).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })

  test('an object that is overwritten or deleted during its download arrives whole', async () => {
    const Key = 'busy'
    const old = Buffer.alloc(3_000_000, 1)
    await server.client.send(new PutObjectCommand({ Bucket, Key, Body: old }))
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key }))
    await server.client.send(new PutObjectCommand({ Bucket, Key, Body: 'new' }))
    await server.client.send(new DeleteObjectCommand({ Bucket, Key }))
    expect(old.equals(await got.Body!.transformToByteArray())).toBe(true)
  })
})

describe('Range', () => {
  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=8-1000', '89', 'bytes 8-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-1000', '0123456789', 'bytes 0-9/10'],
  ])('%s is 206 with exactly those bytes', async (range, body, contentRange) => {
    const answer = await server.send({ headers: { range } })
    expect([answer.status, answer.text]).toEqual([206, body])
    expect(answer.headers['content-range']).toBe(contentRange)
  })

  test.each(['bytes=4-2', 'bytes=0-1,3-4', 'bytes=-', 'lines=1-2', 'bytes=a-b'])(
    '%s cannot be read, so the whole object comes',
    async (range) => {
      const answer = await server.send({ headers: { range } })
      expect([answer.status, answer.text]).toEqual([200, '0123456789'])
    },
  )

  test.each([
    ['/plans/key', 'bytes=10-'],
    ['/plans/key', 'bytes=-0'],
    ['/plans/empty', 'bytes=0-'],
    ['/plans/empty', 'bytes=-5'],
  ])('of %s, %s is behind the end: 416', async (path, range) => {
    const answer = await server.send({ path, headers: { range } })
    expect([answer.status, answer.code]).toEqual([416, 'InvalidRange'])
    expect(answer.text).toMatch(/<ActualObjectSize>(10|0)<\/ActualObjectSize>/)
  })

  test('a range carries no checksum, for that is one of the whole', async () => {
    const command = { Bucket, Key: 'key', Range: 'bytes=0-3', ChecksumMode: 'ENABLED' as const }
    const got = await server.client.send(new GetObjectCommand(command))
    expect(await got.Body!.transformToString()).toBe('0123')
    expect([got.ChecksumCRC32, got.ChecksumType]).toEqual([undefined, undefined])
  })
})

describe('read conditions', () => {
  const etag = '"781e5e245d69b566979b86e28d23f2c7"'
  const past = 'Mon, 01 Jan 2001 00:00:00 GMT'
  const future = 'Fri, 01 Jan 2100 00:00:00 GMT'

  test.each([
    [{ 'if-match': etag }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"other", W/"x"' }, 412],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-modified-since': past }, 200],
    [{ 'if-modified-since': future }, 304],
    [{ 'if-unmodified-since': past }, 412],
    [{ 'if-unmodified-since': future }, 200],
    [{ 'if-match': etag, 'if-unmodified-since': past }, 200],
    [{ 'if-none-match': '"other"', 'if-modified-since': future }, 200],
  ])('%o answers %i', async (headers, status) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await server.send({ method, headers })
      expect(answer.status).toBe(status)
      if (status === 304) expect(answer.headers.etag).toBe(etag)
      if (status === 412 && method === 'GET') expect(answer.code).toBe('PreconditionFailed')
    }
  })
})

describe('presigned overrides', () => {
  test('give the response its disposition and type', async () => {
    const url = await getSignedUrl(
      server.client,
      new GetObjectCommand({
        Bucket,
        Key: 'key',
        ResponseContentDisposition: `inline; filename*=UTF-8''%E6%94%AF.pdf`,
        ResponseContentType: 'application/pdf',
      }),
    )
    const response = await fetch(url)
    expect(await response.text()).toBe('0123456789')
    expect(response.headers.get('content-disposition')).toBe(
      `inline; filename*=UTF-8''%E6%94%AF.pdf`,
    )
    expect(response.headers.get('content-type')).toBe('application/pdf')
  })

  test('a value that no header can hold is refused', async () => {
    for (const value of ['支援.pdf', 'a\r\nset-cookie: b']) {
      const command = new GetObjectCommand({
        Bucket,
        Key: 'key',
        ResponseContentDisposition: value,
      })
      const response = await fetch(await getSignedUrl(server.client, command))
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('<Code>InvalidArgument</Code>')
    }
  })
})
