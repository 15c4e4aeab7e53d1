import { createHash } from 'node:crypto'
import {
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { taskGroup, withTimeout } from '@yuzuru/concurrency'
import { startScriptedServer } from '@yuzuru/http/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from './create-storage.ts'
import type { StorageConfig } from './storage-options.ts'
import { startTestStore, type TestStore } from '../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

describe('createStorage', () => {
  test('refuses options that are none', () => {
    const client = new S3Client({})
    const wrong: readonly unknown[] = [
      undefined,
      {},
      { bucket: '' },
      { bucket: 'b', partSizeBytes: 5 * 1_024 ** 2 - 1 },
      { bucket: 'b', parallel: 0 },
      { bucket: 'b', compatibility: 'minio' },
      { bucket: 'b', endpoint: 'ftp://store' },
      { bucket: 'b', endpoint: 'https://user:pass@store' },
      { bucket: 'b', region: '' },
      { bucket: 'b', attempts: 0 },
      { bucket: 'b', client, endpoint: 'https://store' },
      { bucket: 'b', client: {} },
    ]
    for (const options of wrong) {
      expect(() => createStorage(options as StorageConfig)).toThrow(TypeError)
    }
    client.destroy()
  })

  test('closes what it made once, after what is under way', async () => {
    await using server = await startScriptedServer()
    const gate = Promise.withResolvers<void>()
    server.reply({ after: gate.promise, headers: { etag: '"e"' } })
    const storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    const sending = storage.upload('key', 'text')
    await server.received(1)
    const closed = Promise.all([storage.close(), storage.close()])
    await expect(storage.head('key')).rejects.toMatchObject({ code: 'closed', outcome: 'none' })
    gate.resolve()
    expect((await sending).etag).toBe('e')
    await closed
    await server.disconnected()
  })

  test('does not close a client that was passed in', async () => {
    const bucket = await store.bucket()
    const client = new S3Client({ ...store.config, forcePathStyle: true })
    const storage = createStorage({ client, bucket })
    expect(storage.client).toBe(client)
    await storage.upload('key', 'text')
    await storage.close()
    await expect(storage.head('key')).rejects.toMatchObject({ code: 'closed' })
    const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'key' }))
    expect(answer.ContentLength).toBe(4)
    client.destroy()
  })

  test('bounds connections and those who wait for one', async () => {
    await using server = await startScriptedServer()
    server.otherwise('silence')
    const limits = { connections: 1, queue: 1, endpoint: server.url, bucket: 'b' }
    await using storage = createStorage({ ...store.config, ...limits })
    const reads = taskGroup(async (group) => {
      for (const key of ['a', 'b', 'c']) group.spawn(() => storage.head(key))
    })
    const error = await reads.catch((error: unknown) => error)
    expect(error).toMatchObject({ errors: [{ code: 'overloaded', outcome: 'none' }] })
    expect(server.connected).toBeLessThanOrEqual(1)
  })

  test('sends MD5 and no newer checksum to a store that does not know them', async () => {
    await using server = await startScriptedServer()
    server.otherwise({ headers: { etag: '"e"' } })
    const options = { endpoint: server.url, bucket: 'b', compatibility: 's3-compatible' } as const
    await using storage = createStorage({ ...store.config, ...options })
    const sent = await storage.upload('key', 'text', { tags: { office: 'a b+c' } })
    expect(sent).toMatchObject({ checksum: { algorithm: 'MD5' }, checksumConfirmed: true })
    const { headers } = await server.received(1)
    expect(headers['x-amz-tagging']).toBe('office=a%20b%2Bc')
    expect(headers['content-md5']).toBe(createHash('md5').update('text').digest('base64'))
    expect(Object.keys(headers).filter((name) => /checksum|trailer/.test(name))).toEqual([])
    server.otherwise({ body: '<DeleteResult/>' })
    await storage.deleteMany(['key', '書'])
    const { headers: deletion, body } = await server.received(2)
    expect(deletion['content-md5']).toBe(createHash('md5').update(body).digest('base64'))
    expect(Object.keys(deletion).filter((name) => /checksum|trailer/.test(name))).toEqual([])
  })

  test('says when a store has not confirmed the checksum', async () => {
    await using server = await startScriptedServer()
    server.reply({ headers: { etag: '"e"' } })
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    expect((await storage.upload('key', 'text')).checksumConfirmed).toBe(false)
    server.reply({ headers: { etag: '"e"', 'x-amz-checksum-crc32': 'AAAAAA==' } })
    await expect(storage.upload('key', 'text')).rejects.toMatchObject({
      code: 'checksum_mismatch',
      outcome: 'unknown',
    })
  })

  test('stores tags in any language', async () => {
    const bucket = await store.bucket()
    await using storage = createStorage({ ...store.config, bucket })
    const tags = { office: '東京 第一', kind: 'a+b/c=d' }
    await storage.upload('key', 'text', { tags })
    const command = new GetObjectTaggingCommand({ Bucket: bucket, Key: 'key' })
    const { TagSet = [] } = await storage.client.send(command)
    expect(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))).toEqual(tags)
  })

  test('sweeps away the uploads that nobody finished, once they are old enough', async () => {
    const bucket = await store.bucket()
    await using storage = createStorage({ ...store.config, bucket })
    for (const Key of ['a/書 1', 'a/2', 'b']) {
      await storage.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }))
    }
    expect(await storage.sweepUploads({ olderThanMs: 3_600_000 })).toBe(0)
    expect(await storage.sweepUploads({ olderThanMs: 0, prefix: 'a/' })).toBe(2)
    const left = await store.s3.uploads(bucket)
    expect(left.map(({ key }) => key)).toEqual(['b'])
    const wrong = storage.sweepUploads({ olderThanMs: Number.NaN })
    await expect(wrong).rejects.toBeInstanceOf(TypeError)
  })

  test('lists ten thousand keys in order, as they are asked for', async () => {
    await using server = await startScriptedServer()
    server.otherwise(({ path }) => ({ body: page(new URL(path, server.url)) }))
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    let count = 0
    for await (const { key } of storage.list()) {
      expect(key).toBe(keyOf(count))
      count += 1
    }
    expect([count, server.requests.length]).toEqual([10_000, 10])
    for await (const _ of storage.list()) break
    expect(server.requests.length).toBe(11)
  })

  test('ends a list with the scope around it', async () => {
    await using server = await startScriptedServer()
    server.otherwise('silence')
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    const listing = withTimeout(50, () => Array.fromAsync(storage.list()))
    await expect(listing).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'none' })
  })
})

function keyOf(index: number): string {
  return `plans/${String(index).padStart(5, '0')} 書+`
}

function page({ searchParams }: URL): string {
  const from = Number(searchParams.get('continuation-token') ?? 0)
  const keys = Array.from({ length: 1_000 }, (_, index) => encodeURIComponent(keyOf(from + index)))
  const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`)
  const more = from + 1_000 < 10_000
  const next = more ? `<NextContinuationToken>${from + 1_000}</NextContinuationToken>` : ''
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
}
