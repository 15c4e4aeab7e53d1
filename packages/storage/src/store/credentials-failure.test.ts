import { setImmediate } from 'node:timers/promises'
import { S3Client } from '@aws-sdk/client-s3'
import { withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startScriptedServer } from '@yuzuru/http/testing'
import { describe, expect, test, vi } from 'vitest'
import { createStorage } from '../create-storage.ts'
import type { StorageCredentials } from './credentials.ts'
import type { Storage } from '../storage.ts'
import { PART, patterned } from '../../test/store.ts'

const CALLS: Readonly<Record<string, (storage: Storage) => Promise<unknown>>> = {
  'an upload': (storage) => storage.upload('key', 'text'),
  'an upload in parts': (storage) => storage.upload('key', patterned(PART + 1)),
  'a download': (storage) => storage.download('key'),
  'a deletion': (storage) => storage.delete('key'),
  'a copy': (storage) => storage.copy('from', 'key'),
  'a list': (storage) => Array.fromAsync(storage.list()),
  'a presigned URL': (storage) => storage.presignGet('key'),
  'a presigned upload': (storage) => storage.presignUpload('key', { bytes: 1 }),
}

const good: StorageCredentials = { accessKeyId: 'a', secretAccessKey: 'a-secret-key-of-tests' }
const denied = new Error('the role may not be assumed')

const SOURCES: Readonly<Record<string, () => Promise<StorageCredentials>>> = {
  throws: () => Promise.reject(denied),
  'throws at once': () => {
    throw denied
  },
  'gets something else': () => Promise.resolve({ accessKeyId: 'a' } as StorageCredentials),
}

describe.each(Object.entries(CALLS))(
  '%s without credentials sends nothing and says so',
  (_, call) => {
    test.each(Object.entries(SOURCES))('when what gets them %s', async (_, credentials) => {
      await using server = await startScriptedServer()
      const config = { endpoint: server.url, bucket: 'b', partSizeBytes: PART, credentials }
      await using storage = createStorage(config)
      await expect(call(storage)).rejects.toMatchObject({
        name: 'StorageError',
        code: 'unauthenticated',
        outcome: 'none',
        retryable: false,
      })
      expect(server.requests).toEqual([])
    })

    test('when what gets them hangs', async () => {
      await using server = await startScriptedServer()
      const credentials = (): Promise<never> => new Promise(() => undefined)
      const config = { endpoint: server.url, bucket: 'b', partSizeBytes: PART, credentials }
      await using storage = createStorage(config)
      using clock = TestClock.install()
      expect(await failed(clock, call(storage))).toMatchObject({
        code: 'unauthenticated',
        outcome: 'none',
        retryable: true,
      })
      // And it is the deadline of the caller that goes first.
      const bound = withTimeout(5_000, () => call(storage))
      expect(await failed(clock, bound)).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
      expect(server.requests).toEqual([])
    })

    test('when the client that was passed in has none', async () => {
      await using server = await startScriptedServer()
      const none = (): Promise<never> =>
        Promise.reject(Object.assign(new Error('none found'), { name: 'CredentialsProviderError' }))
      const config = { endpoint: server.url, region: 'us-east-1', forcePathStyle: true }
      const client = new S3Client({ ...config, credentials: none })
      await using storage = createStorage({ client, bucket: 'b', partSizeBytes: PART })
      const error = { code: 'unauthenticated', outcome: 'none' }
      await expect(call(storage)).rejects.toMatchObject(error)
      expect(server.requests).toEqual([])
      client.destroy()
    })
  },
)

describe('credentials that could not be got once', () => {
  const ended = { ...good, expiration: new Date(0) }
  const hangs = (): Promise<never> => new Promise(() => undefined)
  test.each([
    ['as it threw', [() => Promise.reject(denied)]],
    ['as it hung', [hangs]],
    // For the request, to sign it, and last to learn where the bucket is.
    [
      'as it threw in between',
      [...Array(3).fill(() => Promise.resolve(ended)), () => Promise.reject(denied)],
    ],
  ] as const)('%s, are asked for again by the next call', async (_, given) => {
    await using server = await startScriptedServer()
    server.otherwise({ headers: { etag: '"e"' } })
    const left: (() => Promise<StorageCredentials>)[] = [...given]
    const credentials = (): Promise<StorageCredentials> => left.shift()?.() ?? Promise.resolve(good)
    await using storage = createStorage({ endpoint: server.url, bucket: 'b', credentials })
    {
      using clock = TestClock.install()
      const uploading = storage.upload('key', 'text')
      expect(await failed(clock, uploading)).toMatchObject({ code: 'unauthenticated' })
    }
    expect((await storage.upload('key', 'text')).etag).toBe('e')
  })
})

test('credentials that the SDK is to find, and does not, are none', async () => {
  await using server = await startScriptedServer()
  const none = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_ROLE_ARN']
  for (const name of none) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/no/such/file')
  vi.stubEnv('AWS_CONFIG_FILE', '/no/such/file')
  try {
    await using storage = createStorage({ endpoint: server.url, bucket: 'b' })
    for (const call of [CALLS['an upload'], CALLS['a list'], CALLS['a presigned URL']]) {
      const error = { code: 'unauthenticated', outcome: 'none' }
      await expect(call?.(storage)).rejects.toMatchObject(error)
    }
    expect(server.requests).toEqual([])
  } finally {
    vi.unstubAllEnvs()
  }
})

/** What a promise is rejected with, as time goes on. */
async function failed(clock: TestClock, promise: Promise<unknown>): Promise<unknown> {
  const state = { over: false }
  const ended = promise.catch((error: unknown) => error).finally(() => (state.over = true))
  while (!state.over) {
    await setImmediate()
    await clock.advance(100)
  }
  return await ended
}
