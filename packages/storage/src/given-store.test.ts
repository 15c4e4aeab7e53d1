import { createHash, randomUUID } from 'node:crypto'
import {
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { startFaultProxy } from '@yuzuru/sandbox'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createStorage } from './create-storage.ts'
import type { Storage } from './storage.ts'
import { StorageError } from './store/storage-error.ts'
import type { StorageConfig } from './storage-options.ts'
import { type GivenStore, givenStore } from '../test/given-store.ts'
import { PART, patterned, startTestStore, type TestStore } from '../test/store.ts'

// What the fake can't do: URLs that lead somewhere, a line that breaks, other clients. It holds for our own
// store, and for any that the environment names.

let own: TestStore
beforeAll(async () => {
  own = await startTestStore()
})
afterEach(() => vi.useRealTimers())
afterAll(() => own[Symbol.asyncDispose]())

const MIB = 1_024 ** 2
const FILENAME = '支援計画書（令和８年度）.pdf'
const KEYS = [
  '支援計画/令和８年度.pdf',
  'a b+c (d) %20 %2F',
  '🌸\'"`&<>=?#;:@$,!*~|[]{}^\\',
  'a//b/',
]

async function ours(compatibility: GivenStore['compatibility']): Promise<GivenStore> {
  return { ...own.config, bucket: await own.bucket(), compatibility }
}

const foreign = givenStore()
const stores: [string, () => Promise<GivenStore>][] = [
  ['a real store', () => ours('aws')],
  ['a real store without the new checksums', () => ours('s3-compatible')],
]
if (foreign !== undefined) {
  stores.push(['the store at YUZURU_TEST_S3_ENDPOINT', () => Promise.resolve(foreign)])
}

interface Opened extends AsyncDisposable {
  readonly storage: Storage<S3Client>
  readonly given: GivenStore
  /** Nothing is under it yet, and nothing stays. */
  readonly prefix: string
}

describe.each(stores)('%s', (_name, find) => {
  async function open(config: Partial<StorageConfig> = {}): Promise<Opened> {
    const given = await find()
    const prefix = `yuzuru-test-${randomUUID()}/`
    const storage = createStorage({ ...given, partSizeBytes: PART, ...config } as StorageConfig)
    return {
      storage,
      given,
      prefix,
      async [Symbol.asyncDispose]() {
        await storage.sweepUploads({ olderThanMs: 0, prefix })
        await storage.deletePrefix(prefix)
        await storage.close()
      },
    }
  }

  test('gives an object by its URL, under the Japanese name that was signed', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    for (const key of [...KEYS, 'x'.repeat(1_024 - prefix.length)].map((key) => prefix + key)) {
      await storage.upload(key, key)
      const { url } = await storage.presignGet(key, { filename: FILENAME, contentType: 'text/x-y' })
      const response = await fetch(url)
      expect([response.status, await response.text()]).toEqual([200, key])
      expect(response.headers.get('content-type')).toBe('text/x-y')
      expect(response.headers.get('content-disposition')).toMatch(
        /^inline; filename="_+\.pdf"; filename\*=UTF-8''%E6%94%AF%E6%8F%B4/,
      )
      expect((await fetch(url.replace('inline', 'attachment'))).status).toBe(403)
    }
  })

  test('takes by a URL only the type that was signed', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    for (const key of KEYS.map((key) => prefix + key)) {
      const options = { contentType: 'application/pdf', maxAgeSeconds: 60 }
      const { url, headers } = await storage.presignPut(key, options)
      const wrong = { ...headers, 'content-type': 'text/html' }
      expect((await fetch(url, { method: 'PUT', body: 'PDF', headers: wrong })).status).toBe(403)
      expect(await storage.exists(key)).toBe(false)
      expect((await fetch(url, { method: 'PUT', body: 'PDF', headers })).status).toBe(200)
      const info = await storage.head(key)
      expect([info.contentType, info.cacheControl]).toEqual(['application/pdf', 'max-age=60'])
    }
  })

  test('takes by a URL only the body whose MD5 was signed', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    const value = createHash('md5').update('PDF').digest('base64')
    const checksum = { algorithm: 'MD5', value } as const
    const { url, headers } = await storage.presignPut(`${prefix}key`, { checksum })
    expect((await fetch(url, { method: 'PUT', body: 'PDf', headers })).status).toBe(400)
    expect((await fetch(url, { method: 'PUT', body: 'PDf' })).status).toBe(403)
    expect(await storage.exists(`${prefix}key`)).toBe(false)
    expect((await fetch(url, { method: 'PUT', body: 'PDF', headers })).status).toBe(200)
  })

  test('holds each URL of a presigned upload to the size of its part', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    const body = patterned(PART + 4)
    const { parts, token } = await storage.presignUpload(`${prefix}key`, { bytes: PART + 4 })
    const etags: string[] = []
    for (const { url, number, bytes } of parts) {
      const part = body.subarray((number - 1) * PART, (number - 1) * PART + bytes)
      for (const wrong of [part.subarray(1), Buffer.concat([part, part.subarray(0, 1)])]) {
        expect((await fetch(url, { method: 'PUT', body: wrong })).status).toBe(403)
      }
      const response = await fetch(url, { method: 'PUT', body: part })
      expect(response.status).toBe(200)
      etags.push(response.headers.get('etag') ?? '')
    }
    expect(await storage.completeUpload(token, etags)).toMatchObject({ bytes: PART + 4 })
    expect(Buffer.compare(await (await storage.download(`${prefix}key`)).bytes(), body)).toBe(0)
  })

  test('takes by a form what fits and nothing larger or of another type', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    for (const key of KEYS.map((key) => prefix + key)) {
      const options = { maxBytes: 10, minBytes: 2, contentType: 'image/png' }
      const { url, fields } = await storage.presignPost(key, options)
      const send = async (body: string, change: Record<string, string> = {}): Promise<number> => {
        const form = new FormData()
        for (const [name, value] of Object.entries({ ...fields, ...change })) form.set(name, value)
        form.set('file', new Blob([body]))
        return (await fetch(url, { method: 'POST', body: form })).status
      }
      expect(await send('12345678901')).toBe(400)
      expect(await send('1')).toBe(400)
      expect(await send('12', { 'Content-Type': 'text/html' })).toBe(403)
      expect(await send('12', { key: `${prefix}other` })).toBe(403)
      expect(await storage.exists(key)).toBe(false)
      expect(await send('1234567890')).toBe(204)
      expect(await storage.head(key)).toMatchObject({ contentType: 'image/png', bytes: 10 })
    }
  })

  test('ends a URL when it should', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    await storage.upload(`${prefix}key`, 'text')
    const options = { expiresInSeconds: 600 }
    const alive = await storage.presignGet(`${prefix}key`, options)
    vi.setSystemTime(Date.now() - 601_000)
    const expired = await storage.presignGet(`${prefix}key`, options)
    vi.useRealTimers()
    expect((await fetch(alive.url)).status).toBe(200)
    expect((await fetch(expired.url)).status).toBe(403)
  })

  test('is not put off by a clock that is an hour wrong', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    vi.setSystemTime(Date.now() + 3_600_000)
    await storage.upload(`${prefix}small`, 'text')
    await storage.upload(`${prefix}large`, patterned(PART + 1))
    expect(await (await storage.download(`${prefix}small`)).text()).toBe('text')
    const { url } = await storage.presignGet(`${prefix}small`)
    expect((await fetch(url)).status).toBe(200)
  })

  test('lets one of a hundred writers win who all want to replace the same version', async () => {
    await using opened = await open()
    const { storage, prefix } = opened
    const key = `${prefix}raced`
    const { etag: ifMatch } = await storage.upload(key, 'before')
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => storage.upload(key, `${index}`, { ifMatch })),
    )
    const won = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    expect(won).toHaveLength(1)
    expect(await (await storage.download(key)).text()).toBe(`${won[0]}`)
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      const { code, outcome } = result.reason as StorageError
      // Ceph answers some of those who come too late with 500: then nobody can know.
      expect(['precondition_failed none', 'conflict none', 'unavailable unknown']).toContain(
        `${code} ${outcome}`,
      )
    }
  })

  test('holds an upload in parts to its conditions, and leaves no parts', async () => {
    await using opened = await open()
    const { storage, given, prefix } = opened
    const key = `${prefix}large`
    const body = patterned(PART + 1)
    const first = await storage.upload(key, body, { ifNoneMatch: '*' })
    expect((await storage.head(key)).etag).toBe(first.etag)
    const again = storage.upload(key, body, { ifNoneMatch: '*' })
    await expect(again).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
    const second = await storage.upload(key, body.subarray(0, -1), { ifMatch: first.etag })
    const late = storage.upload(key, body, { ifMatch: first.etag })
    await expect(late).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
    const gone = storage.upload(`${prefix}none`, body, { ifMatch: first.etag })
    await expect(gone).rejects.toBeInstanceOf(StorageError)
    expect(await storage.head(key)).toMatchObject({ etag: second.etag, bytes: PART })
    const uploads = new ListMultipartUploadsCommand({ Bucket: given.bucket, Prefix: prefix })
    expect((await storage.client.send(uploads)).Uploads ?? []).toEqual([])
  })

  test('stores no bytes that do not have the Content-MD5 that came along', async () => {
    await using opened = await open()
    const { storage, given, prefix } = opened
    const ContentMD5 = Buffer.alloc(16).toString('base64')
    const input = { Bucket: given.bucket, Key: `${prefix}key`, Body: 'text', ContentMD5 }
    await expect(storage.client.send(new PutObjectCommand(input))).rejects.toMatchObject({
      name: 'BadDigest',
    })
    expect(await storage.exists(`${prefix}key`)).toBe(false)
  })

  test('keeps tags in any language', async () => {
    await using opened = await open()
    const { storage, given, prefix } = opened
    const tags = { office: '東京 第一', kind: 'a+b/c=d' }
    await storage.upload(`${prefix}key`, 'text', { tags })
    const command = new GetObjectTaggingCommand({ Bucket: given.bucket, Key: `${prefix}key` })
    const { TagSet = [] } = await storage.client.send(command)
    expect(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))).toEqual(tags)
  })

  test('sweeps away the uploads of others that are old enough', async () => {
    await using opened = await open()
    const { storage, given, prefix } = opened
    for (const name of ['a/書 1+', 'a/2', 'b']) {
      const input = { Bucket: given.bucket, Key: prefix + name }
      await storage.client.send(new CreateMultipartUploadCommand(input))
    }
    expect(await storage.sweepUploads({ olderThanMs: 3_600_000, prefix })).toBe(0)
    expect(await storage.sweepUploads({ olderThanMs: 0, prefix: `${prefix}a/` })).toBe(2)
    expect(await storage.sweepUploads({ olderThanMs: 0, prefix })).toBe(1)
    expect(await storage.sweepUploads({ olderThanMs: 0, prefix })).toBe(0)
  })

  test('goes on with a download where the line broke', async () => {
    const given = await find()
    const { hostname: host, port, protocol } = new URL(given.endpoint)
    // The proxy reads what passes, so it can't stand before TLS.
    if (protocol === 'https:') return
    await using proxy = await startFaultProxy({
      target: { host, port: Number(port || 80) },
      protocol: 'http',
    })
    const endpoint = new URL(proxy.url(given.endpoint)).origin
    await using opened = await open({ endpoint, bucket: given.bucket })
    const { storage, prefix } = opened
    const body = patterned(2 * PART + 1)
    await storage.upload(`${prefix}key`, body)
    proxy.set({ resetAfterBytes: { toClient: 2 * MIB } })
    const loaded = await storage.download(`${prefix}key`)
    expect(Buffer.compare(await loaded.bytes(), body)).toBe(0)
  })

  test('says what is wrong with keys, secrets and buckets', async () => {
    const { credentials } = await find()
    const wrong = [
      [{ credentials: { ...credentials, accessKeyId: 'nobody' } }, 'unauthenticated'],
      [{ credentials: { ...credentials, secretAccessKey: 'wrong' } }, 'unauthenticated'],
      [{ bucket: 'yuzuru-no-such-bucket' }, 'bucket_not_found'],
    ] as const
    for (const [config, code] of wrong) {
      const given = await find()
      await using storage = createStorage({ ...given, ...config })
      const expected = { code, outcome: 'none', retryable: false }
      await expect(storage.upload('key', 'text')).rejects.toMatchObject(expected)
      await expect(storage.upload('key', patterned(9 * MIB))).rejects.toMatchObject(expected)
      await expect(storage.download('key')).rejects.toMatchObject(expected)
      await expect(storage.health()).rejects.toMatchObject({ ...expected, operation: 'health' })
    }
  })
})
