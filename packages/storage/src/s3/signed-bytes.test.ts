import { createHash } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { createFakeHttp, type FakeHttp } from '@yuzuru/http/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { type ChecksumAlgorithm, digestOf } from '../store/checksum.ts'
import { createStorage } from '../create-storage.ts'
import { CredentialCache } from '../store/credentials.ts'
import { S3Sender } from './s3-sender.ts'
import { SignedBytes } from './signed-bytes.ts'
import { startTestStore } from '../../test/store.ts'

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }
const body = Buffer.from('the body')
const { signal } = new AbortController()

let fake: FakeHttp
afterEach(() => fake[Symbol.asyncDispose]())

function over(endpoint: string): SignedBytes {
  fake = createFakeHttp()
  fake.script.otherwise({ headers: { etag: '"e"' } })
  const client = new S3Client({ endpoint, credentials, region: 'r', forcePathStyle: true })
  const cache = new CredentialCache(credentials)
  const own = { http: fake.http, credentials: cache, attempts: 1, encrypted: true }
  return new SignedBytes('plans', new S3Sender(client, own), own)
}

const values: ReadonlyMap<ChecksumAlgorithm, string> = new Map(
  await Array.fromAsync(['CRC32', 'MD5', 'SHA256'] as const, async (algorithm) => {
    const digest = await digestOf(algorithm, body)
    return [algorithm, digest.toString('base64')] as const
  }),
)

function digest(algorithm: ChecksumAlgorithm) {
  return { algorithm, value: values.get(algorithm) ?? '' }
}

describe('the bytes of an upload', () => {
  test('are covered by a signed checksum where TLS protects them on the way', async () => {
    const bytes = over('https://store.invalid')
    await bytes.put('key', { body, digest: digest('CRC32') }, signal)
    const part = { uploadId: 'a b', number: 7, body, digest: digest('MD5') }
    expect(await bytes.putPart('key', part, signal)).toBe('e')
    const [put, putPart] = fake.script.requests
    expect(put?.headers).toMatchObject({
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-amz-checksum-crc32': digest('CRC32').value,
    })
    expect(put?.headers['authorization']).toMatch(/SignedHeaders=[^,]*;x-amz-checksum-crc32;/)
    expect(putPart?.path).toBe('/plans/key?partNumber=7&uploadId=a%20b')
    expect(putPart?.headers['authorization']).toMatch(/SignedHeaders=content-md5;host;/)
    expect(putPart?.body).toEqual(body)
  })

  test('are signed themselves without TLS, by what was computed while they were read', async () => {
    const bytes = over('http://store.invalid')
    const sha256 = createHash('sha256').update(body).digest('hex')
    await bytes.put('key', { body, digest: digest('CRC32') }, signal)
    await bytes.put('key', { body, digest: digest('CRC32'), sha256: 'known' }, signal)
    const hashes = fake.script.requests.map(({ headers }) => headers['x-amz-content-sha256'])
    expect(hashes).toEqual([sha256, 'known'])
  })

  test.each(['https:', 'http:'])(
    'are hashed once where their checksum is SHA256: %s',
    async (protocol) => {
      const bytes = over(`${protocol}//store.invalid`)
      await bytes.put('key', { body, digest: digest('SHA256') }, signal)
      const hash = fake.script.requests[0]?.headers['x-amz-content-sha256']
      expect(hash).toBe(createHash('sha256').update(body).digest('hex'))
    },
  )
})

test('what is refused tells why, without what it was refused with', async () => {
  const bytes = over('https://store.invalid')
  const xml = `<Error><Code>Odd</Code><Message>a &lt; b &amp;lt;</Message><RequestId>7</RequestId></Error>`
  fake.script.reply({ status: 418, body: xml })
  await expect(bytes.get('key', {}, signal)).rejects.toMatchObject({
    name: 'Odd',
    message: 'a < b &lt;',
    $metadata: { httpStatusCode: 418, requestId: '7' },
  })
})

test('bytes and calls go different ways, with one client within reach', async () => {
  await using store = await startTestStore()
  fake = createFakeHttp()
  const bucket = await store.bucket()
  await using storage = createStorage({ ...store.config, bucket })
  const commands: string[] = []
  storage.client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        commands.push(commandName)
        return next(args)
      },
    { step: 'initialize' },
  )
  await storage.upload('key', body)
  const download = await storage.download('key')
  expect(Buffer.from(await download.bytes())).toEqual(body)
  await storage.delete('key')
  expect(commands.filter((name) => name !== '')).not.toContain('PutObjectCommand')
  expect(commands).toContain('DeleteObjectCommand')
})
