import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import { createFakeStorage } from '../testing/fake-storage.ts'
import { PART, startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterEach(() => {
  store.proxy.clear()
  store.s3.clear()
})
afterAll(() => store[Symbol.asyncDispose]())

async function put(
  url: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly [status: number, etag: string]> {
  const response = await fetch(url, { method: 'PUT', body: Buffer.from(body), headers })
  await response.body?.cancel()
  return [response.status, response.headers.get('etag') ?? '']
}

describe('an upload that is presigned', () => {
  test('is held to the size of each part, and to its upload', async () => {
    await using storage = await store.faulty()
    const bytes = PART + 4
    const first = await storage.presignUpload('key', { bytes })
    const other = await storage.presignUpload('key', { bytes })
    const last = first.parts[1]?.url ?? ''
    for (const body of ['', '123', '12345']) {
      expect((await put(last, body))[0]).toBe(403)
    }
    const foreign = new URL(other.parts[1]?.url ?? '').searchParams.get('uploadId') ?? ''
    const own = new URL(last).searchParams.get('uploadId') ?? ''
    expect((await put(last.replace(own, foreign), '1234'))[0]).toBe(403)
    expect((await put(last.replace('partNumber=2', 'partNumber=3'), '1234'))[0]).toBe(403)
    expect((await put(last, '1234'))[0]).toBe(200)
    const parts = await store.s3.uploads(storage.bucket)
    expect(parts.flatMap((upload) => upload.parts)).toEqual([2])
  })

  test('of one request is held to its size, type and name', async () => {
    await using storage = await store.faulty()
    const options = { bytes: 4, contentType: 'text/plain', filename: 'a.txt' }
    const { parts, headers, token } = await storage.presignUpload('key', options)
    const url = parts[0]?.url ?? ''
    expect((await put(url, '12345', headers))[0]).toBe(403)
    expect((await put(url, '1234', { ...headers, 'content-type': 'text/html' }))[0]).toBe(403)
    expect((await put(url, '1234'))[0]).toBe(403)
    expect(await store.s3.keys(storage.bucket)).toEqual([])
    const [status, etag] = await put(url, '1234', headers)
    expect(status).toBe(200)
    expect(await storage.completeUpload(token, [etag])).toMatchObject({ key: 'key', bytes: 4 })
  })

  test('can be one that is made once only', async () => {
    await using storage = await store.faulty()
    const options = { bytes: 4, ifNoneMatch: '*' } as const
    const { parts, headers, token } = await storage.presignUpload('key', options)
    const url = parts[0]?.url ?? ''
    expect((await put(url, '1234', headers))[0]).toBe(200)
    expect((await put(url, 'abcd', headers))[0]).toBe(412)
    // Who lost the first answer has no ETag; the object itself tells.
    expect(await storage.completeUpload(token, [''])).toMatchObject({ key: 'key', bytes: 4 })
    const late = await storage.presignUpload('key', options)
    await expect(storage.completeUpload(late.token, [''])).rejects.toMatchObject({
      code: 'precondition_failed',
    })
    const wrong = storage.presignUpload('key', { bytes: 4, ifNoneMatch: 'x' as never })
    await expect(wrong).rejects.toThrow(TypeError)
  })

  test('has a thousand parts at the most, which grow with the file', async () => {
    await using storage = createFakeStorage()
    const mib = 1_024 ** 2
    for (const bytes of [8 * mib, 8 * mib + 1, 8_000 * mib + 1, 4 * 1_024 ** 2 * mib]) {
      const { parts, partSizeBytes } = await storage.presignUpload('key', { bytes })
      expect(parts.length).toBeLessThanOrEqual(1_000)
      expect(parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes)
      expect(parts.slice(0, -1).every((part) => part.bytes === partSizeBytes)).toBe(true)
    }
    const large = await storage.presignUpload('key', { bytes: 5 * 1_024 ** 2 * mib })
    expect(large.partSizeBytes).toBe(5 * 1_024 * mib)
    expect(large.parts).toHaveLength(1_024)
  })

  test('leaves nothing when it cannot be begun, and needs a secret that lasts', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    store.proxy.set({ status: { code: 500 } })
    const upload = storage.presignUpload('key', { bytes: PART + 1 })
    await expect(upload).rejects.toMatchObject({ code: 'unavailable' })
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
    const credentials = store.s3.temporaryCredentials()
    const source = { ...store.config, bucket: storage.bucket, credentials }
    await using brief = createStorage(source)
    await expect(brief.presignUpload('key', { bytes: PART + 1 })).rejects.toThrow(/tokenSecret/)
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
    await using lasting = createStorage({ ...source, tokenSecret: 'a secret of our own' })
    const { token } = await lasting.presignUpload('key', { bytes: 9 * 1_024 ** 2 })
    expect(await store.s3.uploads(storage.bucket)).toHaveLength(1)
    await lasting.abortUpload(token)
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
  })

  test('can be swept away when nobody ends it', async () => {
    await using storage = await store.faulty()
    const { token } = await storage.presignUpload('key', { bytes: PART + 1 })
    expect(await storage.sweepUploads({ olderThanMs: 0 })).toBe(1)
    const done = storage.completeUpload(token, ['x', 'y'])
    await expect(done).rejects.toMatchObject({ code: 'not_found' })
  })

  test('that cannot be removed is told so, and can be tried again', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    const { token } = await storage.presignUpload('key', { bytes: PART + 1 })
    store.proxy.set({ status: { code: 500, when: 'uploadId' } })
    await expect(storage.abortUpload(token)).rejects.toMatchObject({ retryable: true })
    store.proxy.clear()
    await storage.abortUpload(token)
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
  })
})
