import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { startScriptedServer } from '@yuzuru/http/testing'
import { startS3 } from '@yuzuru/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import { CredentialCache } from './credentials.ts'
import { translateS3Error } from '../s3/s3-error.ts'
import { StorageError } from './storage-error.ts'
import type { StorageConfig } from '../storage-options.ts'
import { startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

async function failWith(config: Partial<StorageConfig>): Promise<unknown> {
  const bucket = await store.bucket()
  await using storage = createStorage({ ...store.config, bucket, ...config })
  return await storage.upload('key', 'text').then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('a failure has a code of its own and says what to do:', () => {
  test('a store that cannot be reached, whatever was asked of it', async () => {
    const server = await startScriptedServer()
    const endpoint = server.url
    await server.close()
    await using storage = createStorage({ ...store.config, bucket: 'b', endpoint, attempts: 1 })
    const calls = [
      () => storage.head('key'),
      () => storage.exists('key'),
      () => storage.download('key'),
      () => storage.delete('key'),
      () => storage.copy('key', 'other'),
      () => Array.fromAsync(storage.list()),
    ]
    for (const call of calls) {
      const error: unknown = await call().catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(StorageError)
      expect(error).toMatchObject({ code: 'connection_failed', outcome: 'none' })
    }
  })

  test('an unknown access key', async () => {
    const error = await failWith({ credentials: { ...store.config.credentials, accessKeyId: 'x' } })
    expect(error).toMatchObject({
      code: 'unauthenticated',
      storeCode: 'InvalidAccessKeyId',
      outcome: 'none',
      status: 403,
    })
    expect(String(error)).toContain('check "credentials"')
  })

  test('a wrong secret, which it does not show', async () => {
    const secretAccessKey = 'my-secret-access-key'
    const credentials = { ...store.config.credentials, secretAccessKey }
    const error = await failWith({ credentials })
    expect(error).toMatchObject({ code: 'unauthenticated', storeCode: 'SignatureDoesNotMatch' })
    const shown = inspect(error, { depth: 10, showHidden: true })
    expect(shown).not.toContain(secretAccessKey)
    expect(shown).not.toMatch(/Signature=|StringToSign|AWS4-HMAC/)
  })

  test('a wrong region', async () => {
    expect(await failWith({ region: 'eu-west-9' })).toMatchObject({ code: 'wrong_region' })
  })

  test('a bucket that is not there', async () => {
    const error = await failWith({ bucket: 'no-such-bucket' })
    expect(error).toMatchObject({ code: 'bucket_not_found', outcome: 'none', status: 404 })
  })

  test('a store that is too busy', async () => {
    await using server = await startScriptedServer()
    server.otherwise({ status: 503, headers: { 'retry-after': '0' }, body: xml('SlowDown') })
    const error = await failWith({ endpoint: server.url })
    expect(error).toMatchObject({ code: 'rate_limited', outcome: 'none', retryable: true })
    expect(server.requests).toHaveLength(3)
  })

  const codes = [
    ['NoSuchKey', 404, 'not_found', 'none'],
    ['NotFound', 404, 'not_found', 'none'],
    ['AccessDenied', 403, 'forbidden', 'none'],
    ['ExpiredToken', 400, 'unauthenticated', 'none'],
    ['RequestTimeTooSkewed', 403, 'clock_skew', 'none'],
    ['PermanentRedirect', 301, 'wrong_region', 'none'],
    ['EntityTooLarge', 400, 'too_large', 'none'],
    ['EntityTooSmall', 400, 'too_small', 'none'],
    ['BadDigest', 400, 'checksum_mismatch', 'none'],
    ['InvalidRange', 416, 'range_not_satisfiable', 'none'],
    ['QuotaExceeded', 403, 'insufficient_storage', 'none'],
    ['XMinioStorageFull', 507, 'insufficient_storage', 'none'],
    ['NotImplemented', 501, 'unsupported', 'none'],
    ['InternalError', 500, 'unavailable', 'unknown'],
    ['SomethingNew', 418, 'invalid_request', 'none'],
    ['SomethingNew', 502, 'unavailable', 'unknown'],
    ['SlowDown', 503, 'rate_limited', 'none'],
    ['ServiceUnavailable', 503, 'unavailable', 'unknown'],
    // Without a word of the store's own it may be a gateway that had passed the request on.
    ['Status503', 503, 'unavailable', 'unknown'],
    ['Status408', 408, 'stalled', 'unknown'],
    ['Status301', 301, 'wrong_region', 'unknown'],
    ['Status429', 429, 'rate_limited', 'none'],
  ] as const
  test.each(codes)('%s (%i) is %s with the outcome %s', (name, status, code, outcome) => {
    const native = Object.assign(new Error('told'), {
      name,
      $fault: 'client',
      $metadata: { httpStatusCode: status },
    })
    const error = translateS3Error({ operation: 'upload', key: 'k' }, 'idempotent', native)
    expect(error).toMatchObject({
      name: 'StorageError',
      code,
      outcome,
      status,
      storeCode: name,
      key: 'k',
    })
    expect(error.message).toMatch(/^upload of "k" failed: .{10}/)
    const read = translateS3Error({ operation: 'head' }, 'read', native)
    expect(read).toMatchObject({ outcome: 'none' })
  })

  test('and is known by its mark also when another copy of the package made it', () => {
    const init = {
      operation: 'head',
      code: 'not_found',
      retryable: false,
      outcome: 'none',
    } as const
    expect(StorageError.isInstance(new StorageError('told', init))).toBe(true)
    expect(StorageError.isInstance(new Error('told'))).toBe(false)
  })
})

describe('credentials', () => {
  test('that have expired are got anew, once', async () => {
    await using server = await startScriptedServer()
    server.reply({ status: 400, body: xml('ExpiredToken') }, { headers: { etag: '"e"' } })
    let asked = 0
    const credentials = async () => {
      asked += 1
      return { accessKeyId: `key-${asked}`, secretAccessKey: 'secret' }
    }
    const bucket = 'b'
    await using storage = createStorage({ endpoint: server.url, bucket, credentials })
    expect((await storage.upload('key', 'text')).etag).toBe('e')
    const keys = server.requests.map(({ headers }) =>
      /Credential=([^/]+)/.exec(headers['authorization'] ?? '')?.at(1),
    )
    expect(keys).toEqual(['key-1', 'key-2'])
    server.otherwise({ status: 400, body: xml('ExpiredToken') })
    await expect(storage.upload('key', 'text')).rejects.toMatchObject({
      code: 'unauthenticated',
      storeCode: 'ExpiredToken',
    })
    expect(asked).toBe(3)
  })

  test('are asked for once by many calls, and again before they end', async () => {
    let asked = 0
    let lifeMs = 600_000
    const cache = new CredentialCache(async () => {
      asked += 1
      const expiration = new Date(Date.now() + lifeMs)
      return { accessKeyId: `key-${asked}`, secretAccessKey: 'secret', expiration }
    })
    const many = await Promise.all([cache.get(), cache.get(), cache.get()])
    expect(many.map(({ accessKeyId }) => accessKeyId)).toEqual(['key-1', 'key-1', 'key-1'])
    lifeMs = 0
    cache.invalidate()
    expect((await cache.get()).accessKeyId).toBe('key-2')
    expect((await cache.get()).accessKeyId).toBe('key-3')
  })

  test('that are none are refused, and not shown', async () => {
    const credentials = { accessKeyId: '', secretAccessKey: 'my-secret' }
    const make = (): unknown => createStorage({ bucket: 'b', credentials })
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/my-secret/)
  })
})

test('a clock that is wrong is put right by what the store says', async () => {
  const now = (): number => Date.now() + 3_600_000
  const dir = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
  const s3 = await startS3({ dir, buckets: ['plans'], now })
  try {
    const { endpoint } = s3
    await using storage = createStorage({ ...store.config, endpoint, bucket: 'plans' })
    expect(await storage.upload('key', 'text')).toMatchObject({ bytes: 4 })
    expect(s3.requests).toEqual({ PutObject: 1 })
  } finally {
    await s3.close()
    await rm(dir, { recursive: true, force: true })
  }
})

function xml(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>told</Message></Error>`
}
