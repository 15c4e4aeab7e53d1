import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import {
  type ChecksumAlgorithm,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signHeaders, startTestServer, type TestServer } from './test-server.ts'

const Bucket = 'plans'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const put = (Key: string, Body: string, more: object = {}) =>
  server.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))

async function read(Key: string): Promise<string> {
  const got = await server.client.send(new GetObjectCommand({ Bucket, Key }))
  return got.Body!.transformToString()
}

describe('checksums', () => {
  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    '%s that the SDK computes is verified, kept, and verified by the SDK again',
    async (algorithm: ChecksumAlgorithm) => {
      const body = Buffer.from('けいかくん'.repeat(1_000))
      for (const Body of [body, Readable.from([body])]) {
        const Key = `sum/${algorithm}`
        const input = { Bucket, Key, Body, ContentLength: body.length }
        const sent = await server.client.send(
          new PutObjectCommand({ ...input, ChecksumAlgorithm: algorithm }),
        )
        const got = await server.client.send(
          new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }),
        )
        expect(body.equals(await got.Body!.transformToByteArray())).toBe(true)
        const name = `Checksum${algorithm}` as keyof typeof got
        expect(got[name]).toBeTypeOf('string')
        expect(got[name]).toBe(sent[name as keyof typeof sent])
        expect(got.ChecksumType).toBe('FULL_OBJECT')
      }
    },
  )

  test.each([
    ['1B2M2Y8AsgTpgAmY7PhCfg==', 'BadDigest'],
    ['nd1OFhJoyANPXIVk6BVcZ6Y=', 'InvalidDigest'],
    ['ndTkYSaMgDT1yFZOFVxnpg==', undefined],
  ])('Content-MD5 in a trailer, as the SDK sends it: %s answers %s', async (md5, code) => {
    const answer = await server.send({
      method: 'PUT',
      path: '/plans/trailed',
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: { 'x-amz-trailer': 'content-md5', 'x-amz-decoded-content-length': '1' },
      body: `1\r\nx\r\n0\r\ncontent-md5:${md5}\r\n\r\n`,
    })
    expect(answer.code).toBe(code)
  })

  test('without one, CRC64NVME is computed', async () => {
    await server.send({ method: 'PUT', path: '/plans/nosum', body: '123456789' })
    const head = await server.client.send(
      new HeadObjectCommand({ Bucket, Key: 'nosum', ChecksumMode: 'ENABLED' }),
    )
    const expected = Buffer.from('ae8b14860a799888', 'hex').toString('base64')
    expect(head.ChecksumCRC64NVME).toBe(expected)
  })

  test.each([
    ['x-amz-checksum-crc32', 'AAAAAA==', 'BadDigest'],
    ['x-amz-checksum-sha256', 'AAAAAA==', 'InvalidRequest'],
    ['x-amz-checksum-xxhash64', 'AAAAAAAAAAA=', 'NotImplemented'],
    ['content-md5', '1B2M2Y8AsgTpgAmY7PhCfg==', 'BadDigest'],
    ['content-md5', 'short', 'InvalidDigest'],
  ])('%s of %s is refused and leaves nothing', async (name, value, code) => {
    const before = await server.files()
    const raw = { method: 'PUT', path: '/plans/bad', headers: { [name]: value }, body: 'x' }
    expect((await server.send(raw)).code).toBe(code)
    expect(await server.files()).toEqual(before)
    expect(await server.s3.keys(Bucket)).not.toContain('bad')
  })

  test('a payload other than the signed one is refused and leaves nothing', async () => {
    const before = await server.files()
    const payloadHash = createHash('sha256').update('approved').digest('hex')
    const raw = { method: 'PUT', path: '/plans/bad', payloadHash, body: 'altered!' }
    const answer = await server.send(raw)
    expect([answer.status, answer.code]).toEqual([400, 'XAmzContentSHA256Mismatch'])
    expect(await server.files()).toEqual(before)
  })
})

describe('write conditions', () => {
  test('of 100 racing writers with If-None-Match: * one wins and 99 get 412', async () => {
    const before = (await server.files()).length
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        put('race', `writer ${index}`, { IfNoneMatch: '*' }),
      ),
    )
    const winners = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    const losers = results.filter((result) => result.status === 'rejected')
    expect(winners).toHaveLength(1)
    expect(new Set(losers.map(({ reason }) => (reason as Error).name))).toEqual(
      new Set(['PreconditionFailed']),
    )
    expect(await read('race')).toBe(`writer ${winners[0]}`)
    expect((await server.files()).length).toBe(before + 1)
  })

  test('of 100 racing writers with the same If-Match one wins', async () => {
    const { ETag } = await put('swap', 'first')
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => put('swap', `next ${index}`, { IfMatch: ETag })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('If-Match on nothing is 404, and If-None-Match with a tag is not implemented, as on S3', async () => {
    await expect(put('absent', 'x', { IfMatch: '"a"' })).rejects.toMatchObject({
      name: 'NoSuchKey',
    })
    await expect(put('absent', 'x', { IfNoneMatch: '"a"' })).rejects.toMatchObject({
      name: 'NotImplemented',
    })
  })
})

describe('keys', () => {
  const unusual = [
    '..',
    '.',
    '../../../etc/passwd',
    'a//b',
    '/leading',
    'trailing/',
    'dots/../and/./more',
    'space and + plus',
    'percent%2Fencoded',
    `(parens)!*'~`,
    '支援計画書（令和８年度）.pdf',
    '😀/𠮷',
    'a&b=<c>"?#',
    'tab\tline\nnul\u0001',
    'con.json',
    'é'.repeat(512),
  ]

  test.each(unusual)(
    '%o is stored, read, listed and deleted under exactly that name',
    async (key) => {
      const content = `content of ${key}`
      await put(key, content)
      expect(await read(key)).toBe(content)
      expect(await server.s3.keys(Bucket)).toContain(key)
      const url = await getSignedUrl(server.client, new GetObjectCommand({ Bucket, Key: key }))
      // fetch resolves dot segments before it sends; S3's clients do not.
      if (!key.includes('.')) expect(await (await fetch(url)).text()).toBe(content)
      await server.client.send(new DeleteObjectCommand({ Bucket, Key: key }))
      expect(await server.s3.keys(Bucket)).not.toContain(key)
    },
  )

  test('one of 1,025 bytes is too long', async () => {
    await expect(put(`${'é'.repeat(512)}x`, '')).rejects.toMatchObject({ name: 'KeyTooLongError' })
  })

  test.each(['/plans/%zz', '/plans/%ff%fe'])('%s is no UTF-8: InvalidURI', async (path) => {
    const answer = await server.send({ method: 'PUT', path, body: 'x' })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidURI'])
  })
})

describe('what is not built', () => {
  test.each([
    [{ 'x-amz-server-side-encryption': 'aws:kms' }, 'NotImplemented'],
    [{ 'x-amz-object-lock-mode': 'GOVERNANCE' }, 'NotImplemented'],
    [{ 'x-amz-storage-class': 'GLACIER' }, 'NotImplemented'],
    [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-tagging': 'a=1&a=2' }, 'InvalidTag'],
    [{ 'x-amz-meta-long': 'x'.repeat(2_048) }, 'MetadataTooLarge'],
  ])('%o is refused, never ignored', async (headers, code) => {
    const sent = headers as Record<string, string>
    const answer = await server.send({
      method: 'PUT',
      path: '/plans/refused',
      headers: sent,
      body: 'x',
    })
    expect(answer.code).toBe(code)
  })
})

describe('a connection', () => {
  /** Sends a PUT of 1,000,000 bytes but only half of them. */
  async function half(): Promise<{ cut(): void }> {
    const path = '/plans/cut'
    const headers = signHeaders(server.s3, { method: 'PUT', path, payloadHash: 'UNSIGNED-PAYLOAD' })
    const lines = Object.entries({ ...headers, 'content-length': '1000000' })
    const socket = connect(server.s3.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`PUT ${path} HTTP/1.1\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`)
    await new Promise((resolve) => socket.write(Buffer.alloc(500_000), resolve))
    return { cut: () => socket.destroy() }
  }

  test('that is cut in mid-upload leaves neither object nor file', async () => {
    const before = await server.files()
    const upload = await half()
    await expect.poll(async () => (await server.files()).length).toBe(before.length + 1)
    upload.cut()
    await expect.poll(() => server.files()).toEqual(before)
    expect(await server.s3.keys(Bucket)).not.toContain('cut')
  })

  test('that is open when the server closes leaves neither object nor file', async () => {
    await using own = await startTestServer()
    const shared = server
    server = own
    const upload = await half().finally(() => {
      server = shared
    })
    await expect.poll(async () => (await own.files()).length).toBe(1)
    await own.s3.close()
    expect(await own.files()).toEqual([])
    upload.cut()
  })

  async function expectContinue(
    headers: Record<string, string>,
    sendBody: string,
  ): Promise<string> {
    const lines = Object.entries({ ...headers, expect: '100-continue', 'content-length': '4' })
    const socket = connect(server.s3.port, '127.0.0.1').setEncoding('utf8')
    socket.write(
      `PUT /plans/asked HTTP/1.1\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`,
    )
    let received = ''
    for await (const text of socket as AsyncIterable<string>) {
      received += text
      if (received === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(sendBody)
      if (/HTTP\/1.1 200/.test(received)) break
    }
    socket.destroy()
    return received
  }

  test('that expects 100-continue gets it once its signature holds, and else only the refusal', async () => {
    const raw = { method: 'PUT', path: '/plans/asked', payloadHash: 'UNSIGNED-PAYLOAD' }
    const right = signHeaders(server.s3, raw)
    expect(await expectContinue(right, 'body')).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/,
    )
    expect(await read('asked')).toBe('body')
    const wrong = signHeaders(server.s3, { ...raw, sign: { secretAccessKey: 'guess' } })
    const refusal = await expectContinue(wrong, 'body')
    expect(refusal).toMatch(/^HTTP\/1.1 403 [^]*<Code>SignatureDoesNotMatch<\/Code>/)
  })

  test('that sends plain chunks of unknown length is refused, as on S3', async () => {
    const answer = await server.send({
      method: 'PUT',
      body: 'x',
      tamper: ({ headers }) => {
        delete headers['content-length']
        headers['transfer-encoding'] = 'chunked'
      },
    })
    expect([answer.status, answer.code]).toEqual([501, 'NotImplemented'])
  })
})
