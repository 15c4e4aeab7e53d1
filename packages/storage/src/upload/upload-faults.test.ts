import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { cancelScope, Cancelled, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startScriptedServer } from '@yuzuru/http/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import type { StorageError } from '../store/storage-error.ts'
import { PART, patterned, startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterEach(() => store.proxy.clear())
afterAll(() => store[Symbol.asyncDispose]())

const body = patterned(2 * PART + 1)

async function failureOf(promise: Promise<unknown>): Promise<StorageError> {
  return await promise.then(
    () => Promise.reject(new Error('Expected a failure, got none')),
    (error: StorageError) => error,
  )
}

describe('an upload in parts', () => {
  test('sends a part again when its answer is lost', async () => {
    await using storage = await store.faulty()
    store.proxy.set({ dropReply: { when: 'partNumber=2', times: 1 } })
    const before = store.s3.requests['UploadPart'] ?? 0
    const sent = await storage.upload('key', body)
    expect(sent.bytes).toBe(body.byteLength)
    expect((store.s3.requests['UploadPart'] ?? 0) - before).toBe(4)
    expect(Buffer.compare(await (await storage.download('key')).bytes(), body)).toBe(0)
  })

  test('sends a stream again from its buffer when the connection breaks in the middle', async () => {
    await using storage = await store.faulty()
    store.proxy.set({ status: { code: 503, when: 'partNumber', times: 2, retryAfterSeconds: 0 } })
    const sent = await storage.upload('key', Readable.from([body]))
    expect(sent.checksumConfirmed).toBe(true)
  })

  test('removes everything when a part cannot be sent, and says that nothing happened', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    store.proxy.set({ status: { code: 500, when: 'partNumber=2' } })
    const error = await failureOf(storage.upload('key', body))
    expect(error).toMatchObject({ name: 'StorageError', code: 'unavailable', outcome: 'none' })
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
    expect(await store.s3.keys(storage.bucket)).toEqual([])
  })

  test('removes everything when its deadline passes while parts are on a slow line', async () => {
    await using storage = await store.faulty()
    store.proxy.set({ bytesPerSecond: 2_000_000 })
    const upload = withTimeout(400, () => storage.upload('key', body))
    await expect(upload).rejects.toBeInstanceOf(TimeoutError)
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
    expect(await store.s3.keys(storage.bucket)).toEqual([])
    await expect(upload).rejects.toMatchObject({ outcome: 'none' })
  })

  test('learns the id of what it began though it is cancelled meanwhile, and removes it', async () => {
    await using server = await startScriptedServer()
    const gate = Promise.withResolvers<void>()
    server.reply({ after: gate.promise, body: created }, { status: 204 })
    server.otherwise({ status: 404, body: noSuchUpload })
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    const upload = cancelScope(async (scope) => {
      const sending = storage.upload('key', patterned(8 * 1_024 ** 2 + 1))
      await server.received(1)
      scope.cancel()
      gate.resolve()
      await sending
    })
    await expect(upload).rejects.toBeInstanceOf(Cancelled)
    const seen = server.requests.map(({ method, path }) => `${method} ${path.split('&', 1)[0]}`)
    expect(seen).toEqual([
      'POST /b/key?uploads',
      'DELETE /b/key?uploadId=id',
      expect.stringMatching(/^GET /),
    ])
  })

  test('finds out that it was completed when the answer to that is lost', async () => {
    await using storage = await store.faulty()
    const before = store.s3.requests['CompleteMultipartUpload'] ?? 0
    store.proxy.set({ dropReply: { when: 'key?uploadId=', times: 1 } })
    const sent = await storage.upload('key', body)
    expect(sent).toMatchObject({ bytes: body.byteLength, checksumConfirmed: true })
    expect((store.s3.requests['CompleteMultipartUpload'] ?? 0) - before).toBe(1)
    expect(Buffer.compare(await (await storage.download('key')).bytes(), body)).toBe(0)
  })

  test('takes an error in an answer of status 200 to its completion for an error', async () => {
    await using server = await startScriptedServer()
    const failed = `<?xml version="1.0"?><Error><Code>InternalError</Code><Message>no</Message></Error>`
    server.otherwise(({ method, path }) => {
      if (method === 'POST' && path.includes('uploads')) return { body: created }
      if (method === 'PUT') return { headers: { etag: '"0123456789abcdef0123456789abcdef"' } }
      if (method === 'POST') return { body: failed }
      return { status: 404, body: method === 'HEAD' ? '' : noSuchUpload }
    })
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    const error = await failureOf(storage.upload('key', patterned(8 * 1_024 ** 2 + 1)))
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    const last = server.requests.slice(-1).map(({ method, path }) => `${method} ${path}`)
    expect(last).toEqual([expect.stringMatching(/^DELETE \/b\/key\?uploadId=id/)])
  })

  test('remembers what it could not remove, and removes it when it is closed', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    async function* broken(): AsyncGenerator<Buffer, void, undefined> {
      yield patterned(PART)
      yield patterned(1)
      store.proxy.set({ status: { code: 500, when: 'uploadId' } })
      throw new Error('boom')
    }
    const error = await failureOf(storage.upload('key', broken()))
    expect(error.code).toBe('source_failed')
    expect(await store.s3.uploads(storage.bucket)).toHaveLength(1)
    store.proxy.clear()
    await storage.close()
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
  })

  test('ends at once though its source never answers and cannot be stopped', async () => {
    await using storage = await store.faulty()
    async function* stuck(): AsyncGenerator<Buffer, void, undefined> {
      yield patterned(PART + 1)
      await new Promise(() => undefined)
    }
    const upload = withTimeout(300, () => storage.upload('key', stuck()))
    await expect(upload).rejects.toBeInstanceOf(TimeoutError)
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
  })
})

const created = `<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>`
const noSuchUpload = `<?xml version="1.0"?><Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>`

describe('an upload of one request', () => {
  test('is sent again when its answer is lost', async () => {
    await using storage = await store.faulty()
    store.proxy.set({ dropReply: { when: 'PUT', times: 1 } })
    expect(await storage.upload('key', 'text')).toMatchObject({ bytes: 4 })
  })

  test('with a condition is not repeated: the object tells whether it was the first', async () => {
    await using storage = await store.faulty()
    const before = store.s3.requests['PutObject'] ?? 0
    store.proxy.set({ dropReply: { when: 'PUT', times: 1 } })
    const sent = await storage.upload('key', 'text', { ifNoneMatch: '*' })
    expect(sent).toMatchObject({ bytes: 4, checksumConfirmed: true })
    expect((store.s3.requests['PutObject'] ?? 0) - before).toBe(1)
  })

  test('with a condition is sent again when the store turned it away', async () => {
    await using server = await startScriptedServer()
    const body = '<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>'
    server.reply({ status: 503, body }, { headers: { etag: '"0123456789abcdef"' } })
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    expect(await storage.upload('key', 'text', { ifNoneMatch: '*' })).toMatchObject({ bytes: 4 })
    expect(server.requests).toHaveLength(2)
  })

  test('with a condition is not sent again when a gateway may have passed it on', async () => {
    await using server = await startScriptedServer()
    server.otherwise({ status: 503 })
    const config = { ...store.config, endpoint: server.url, bucket: 'b', attempts: 1 }
    await using storage = createStorage(config)
    const error = await failureOf(storage.upload('key', 'text', { ifNoneMatch: '*' }))
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  })

  test('says that it does not know when nothing tells', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    store.proxy.set({ dropReply: {} })
    const error = await failureOf(storage.upload('key', 'text'))
    expect(error).toMatchObject({ code: 'connection_lost', outcome: 'unknown', retryable: true })
  })

  test('says that nothing happened when there is no connection', async () => {
    const endpoint = 'http://127.0.0.1:1'
    await using storage = createStorage({ ...store.config, endpoint, bucket: 'b', attempts: 1 })
    const error = await failureOf(storage.upload('key', 'text'))
    expect(error).toMatchObject({ code: 'connection_failed', outcome: 'none' })
  })

  test('that was cut off by its deadline may have happened', async () => {
    await using server = await startScriptedServer()
    server.reply('silence')
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    using clock = TestClock.install()
    const upload = failureOf(withTimeout(1_000, () => storage.upload('key', 'text')))
    await server.received(1)
    await clock.advance(1_000)
    expect(await upload).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  })
})

describe('the native client', () => {
  test('obeys the scope around its calls', async () => {
    await using storage = await store.faulty()
    store.proxy.set({ halfOpen: true })
    const { client, bucket } = storage
    const call = withTimeout(100, () =>
      client.send(new GetObjectCommand({ Bucket: bucket, Key: 'key' })),
    )
    await expect(call).rejects.toBeInstanceOf(TimeoutError)
  })

  test('obeys the signal that the SDK is given', async () => {
    await using storage = await store.faulty()
    const { client, bucket } = storage
    const command = new GetObjectCommand({ Bucket: bucket, Key: 'key' })
    const call = client.send(command, { abortSignal: AbortSignal.abort() })
    await expect(call).rejects.toBeInstanceOf(Cancelled)
  })
})
