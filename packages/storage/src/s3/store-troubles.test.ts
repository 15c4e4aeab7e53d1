import { startScriptedServer } from '@yuzuru/http/testing'
import type { TemporaryCredentials } from '@yuzuru/sandbox'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import type { StorageError } from '../store/storage-error.ts'
import { PART, patterned, startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterEach(() => store.s3.clear())
afterAll(() => store[Symbol.asyncDispose]())

const body = patterned(2 * PART + 1)

/** A part that breaks off where the test wants something to happen. */
async function* pausing(then: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  yield body.subarray(0, PART + 1)
  then()
  yield body.subarray(PART + 1)
}

async function failureOf(promise: Promise<unknown>): Promise<StorageError> {
  return await promise.then(
    () => Promise.reject(new Error('Expected a failure, got none')),
    (error: StorageError) => error,
  )
}

describe('credentials that the store has ended', () => {
  test('are got anew, once, by each kind of request', async () => {
    const given: TemporaryCredentials[] = []
    const credentials = async (): Promise<TemporaryCredentials> => {
      const issued = store.s3.temporaryCredentials()
      given.push(issued)
      return issued
    }
    await using storage = await store.faulty({ credentials })
    const calls = [
      () => storage.upload('key', 'text'),
      () => storage.upload('key', body),
      () =>
        storage.upload(
          'key',
          pausing(() => store.s3.expireCredentials()),
        ),
      () => storage.head('key'),
      async () => (await storage.download('key')).bytes(),
      () => storage.copy('key', 'copy'),
      () => Array.fromAsync(storage.list()),
      () => storage.deleteMany(['copy']),
    ]
    const asked: number[] = []
    for (const call of calls) {
      store.s3.expireCredentials()
      const before = given.length
      await call()
      asked.push(given.length - before)
    }
    // Before the third call and in the middle of it.
    expect(asked).toEqual([1, 1, 2, 1, 1, 1, 1, 1])
    const loaded = await (await storage.download('key')).bytes()
    expect(Buffer.compare(loaded, body)).toBe(0)
  })

  test('and that nobody can renew are an error that says so', async () => {
    const credentials = store.s3.temporaryCredentials()
    store.s3.expireCredentials()
    await using storage = await store.faulty({ credentials })
    const error = await failureOf(storage.upload('key', body))
    expect(error).toMatchObject({ code: 'unauthenticated', outcome: 'none', status: 400 })
    expect(error.message).toContain('renew the session token')
    expect(JSON.stringify(error)).not.toContain(credentials.sessionToken)
  })
})

describe('a clock that is off', () => {
  test.each([3_600_000, -3_600_000])('by %i ms is put right once', async (clockOffsetMs) => {
    await using storage = await store.faulty()
    store.s3.set({ clockOffsetMs })
    expect(await storage.exists('key')).toBe(false)
    expect(await storage.upload('key', body)).toMatchObject({ bytes: body.byteLength })
    const { url } = await storage.presignGet('key', { expiresInSeconds: 60 })
    expect((await fetch(url, { headers: { range: 'bytes=0-0' } })).status).toBe(206)
    store.s3.clear()
    expect(await (await storage.download('key')).bytes()).toHaveLength(body.byteLength)
  })

  test('for good is an error that says so', async () => {
    await using server = await startScriptedServer()
    const code = 'RequestTimeTooSkewed'
    const told = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`
    server.otherwise({ status: 403, body: told })
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    const error = await failureOf(storage.upload('key', 'text'))
    expect(error).toMatchObject({ code: 'clock_skew', outcome: 'none' })
    expect(error.message).toContain('set it (NTP)')
    expect(server.requests).toHaveLength(2)
  })
})

test('a refusal of HEAD, which has no body, is explained all the same', async () => {
  const { accessKeyId, secretAccessKey } = store.config.credentials
  const cases = [
    [{ accessKeyId: 'nobody', secretAccessKey }, 'InvalidAccessKeyId'],
    [{ accessKeyId, secretAccessKey: 'guess' }, 'SignatureDoesNotMatch'],
  ] as const
  for (const [credentials, storeCode] of cases) {
    await using storage = await store.faulty({ credentials })
    await expect(storage.head('key')).rejects.toMatchObject({
      code: 'unauthenticated',
      storeCode,
      outcome: 'none',
    })
  }
})

describe('a store that is full', () => {
  test('before or in the middle of an upload leaves nothing of it', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    await storage.upload('kept', 'text')
    store.s3.set({ freeBytes: 0 })
    const whole = await failureOf(storage.upload('key', 'text'))
    expect(whole).toMatchObject({ code: 'insufficient_storage', outcome: 'none', status: 507 })
    expect(whole.message).toContain('free some, or raise the quota')
    const fills = pausing(() => store.s3.set({ freeBytes: 10 }))
    store.s3.clear()
    const parts = await failureOf(storage.upload('key', fills))
    expect(parts).toMatchObject({ code: 'insufficient_storage', outcome: 'none' })
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
    expect(await store.s3.keys(storage.bucket)).toEqual(['kept'])
    expect(await (await storage.download('kept')).text()).toBe('text')
    await storage.delete('kept')
  })
})

test('a bucket of another region is an error that says so, whatever was asked', async () => {
  await using storage = await store.faulty()
  store.s3.set({ bucketRegion: 'eu-west-1' })
  const calls = [
    () => storage.upload('key', 'text'),
    () => storage.upload('key', body),
    () => storage.head('key'),
    () => storage.download('key'),
    () => storage.delete('key'),
    () => Array.fromAsync(storage.list()),
  ]
  for (const call of calls) {
    const error = await failureOf(call())
    expect(error).toMatchObject({ code: 'wrong_region', outcome: 'none', status: 301 })
    expect(error.message).toContain('set "region" (and "endpoint") to its own')
  }
})
