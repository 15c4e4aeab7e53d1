import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { UploadPartCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import type { Storage } from '../storage.ts'
import type { StorageError } from '../store/storage-error.ts'
import { PART, patterned, startTestStore, type TestStore } from '../../test/store.ts'
import type { UploadOptions, UploadProgress } from './write-options.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterEach(() => store.proxy.clear())
afterAll(() => store[Symbol.asyncDispose]())

const body = patterned(3 * PART + 1)

/** The body up to the end of a part; when all of it has arrived, the source breaks. */
function breaksAfter(parts: number): {
  readonly source: AsyncIterable<Uint8Array>
  readonly onProgress: (progress: UploadProgress) => void
} {
  const arrived = Promise.withResolvers<void>()
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    yield body.subarray(0, parts * PART)
    await arrived.promise
    throw new Error('boom')
  }
  const onProgress = ({ sentBytes }: UploadProgress): void => {
    if (sentBytes === parts * PART) arrived.resolve()
  }
  return { source: source(), onProgress }
}

/** Begins an upload that breaks when two parts have arrived. */
async function begun(storage: Storage, options: UploadOptions = {}): Promise<string> {
  const tokens: string[] = []
  const { source, onProgress } = breaksAfter(2)
  const upload = storage.upload('key', source, {
    ...options,
    contentType: 'text/plain',
    onProgress,
    onResumeToken: (token) => void tokens.push(token),
  })
  await expect(upload).rejects.toMatchObject({ code: 'source_failed', outcome: 'none' })
  expect(tokens).toHaveLength(1)
  return tokens[0] ?? ''
}

function stream(): Readable {
  return Readable.from([body])
}

async function failureOf(promise: Promise<unknown>): Promise<StorageError> {
  return await promise.then(
    () => Promise.reject(new Error('Expected a failure, got none')),
    (error: StorageError) => error,
  )
}

async function sentParts(fn: () => Promise<unknown>): Promise<number> {
  const before = store.s3.requests['UploadPart'] ?? 0
  await fn()
  return (store.s3.requests['UploadPart'] ?? 0) - before
}

describe('an upload that may be resumed', () => {
  test.each(['aws', 's3-compatible'] as const)(
    'keeps what has arrived when it fails, and sends only the rest (%s)',
    async (compatibility) => {
      await using storage = await store.faulty({ compatibility })
      const resume = await begun(storage)
      expect(await store.s3.keys(storage.bucket)).toEqual([])
      const [open] = await store.s3.uploads(storage.bucket)
      expect(open?.parts).toEqual([1, 2])
      const progress: number[] = []
      const count = await sentParts(async () => {
        const sent = await storage.upload('key', stream(), {
          resume,
          onProgress: ({ sentBytes }) => void progress.push(sentBytes),
        })
        expect(sent).toMatchObject({ bytes: body.byteLength, checksumConfirmed: true })
      })
      expect(count).toBe(2)
      expect(progress.at(-1)).toBe(body.byteLength)
      expect(await store.s3.uploads(storage.bucket)).toEqual([])
      const loaded = await storage.download('key')
      expect(loaded.info.contentType).toBe('text/plain')
      expect(Buffer.compare(await loaded.bytes(), body)).toBe(0)
    },
  )

  test('goes on from a file with what began as a stream', async () => {
    await using storage = await store.faulty()
    const resume = await begun(storage)
    const folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
    try {
      const path = join(folder, 'body')
      await writeFile(path, body)
      const count = await sentParts(async () => {
        const sent = await storage.upload('key', { path }, { resume })
        expect(sent).toMatchObject({ bytes: body.byteLength, checksumConfirmed: true })
      })
      expect(count).toBe(2)
      expect(Buffer.compare(await (await storage.download('key')).bytes(), body)).toBe(0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('goes on in another process when its own was killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
    const bucket = await store.bucket()
    try {
      const path = join(folder, 'body')
      await writeFile(path, body.subarray(0, 2 * PART))
      const program = join(import.meta.dirname, '../../test/upload-child.ts')
      const child = spawn(process.execPath, [program, store.config.endpoint, bucket, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = once(child, 'exit')
      const lines: string[] = []
      for await (const line of createInterface({ input: child.stdout })) {
        if (lines.push(line) === 3) child.kill('SIGKILL')
      }
      await gone
      const [resume = '', , sent] = lines
      expect(Number(sent)).toBe(2 * PART)
      await using storage = createStorage({ ...store.config, bucket })
      const count = await sentParts(() => storage.upload('key', stream(), { resume }))
      expect(count).toBe(2)
      const loaded = await storage.download('key', { verify: 'required' })
      expect(Buffer.compare(await loaded.bytes(), body)).toBe(0)
      expect(loaded.info.contentType).toBe('text/plain')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('sends a part again that is not what the body has there', async () => {
    await using storage = await store.faulty()
    const resume = await begun(storage)
    const [open] = await store.s3.uploads(storage.bucket)
    const other = Buffer.alloc(PART, 1)
    const part = { UploadId: open?.uploadId, PartNumber: 2, Body: other }
    const where = { Bucket: storage.bucket, Key: 'key' }
    await storage.client.send(
      new UploadPartCommand({ ...where, ...part, ChecksumAlgorithm: 'CRC32' }),
    )
    expect(await sentParts(() => storage.upload('key', stream(), { resume }))).toBe(3)
    expect(Buffer.compare(await (await storage.download('key')).bytes(), body)).toBe(0)
  })

  test('keeps its parts again when it fails again, and its checksum', async () => {
    await using storage = await store.faulty()
    const resume = await begun(storage, { checksum: 'SHA256' })
    const { source, onProgress } = breaksAfter(3)
    const again = storage.upload('key', source, { resume, onProgress })
    await expect(again).rejects.toMatchObject({ code: 'source_failed' })
    const [open] = await store.s3.uploads(storage.bucket)
    expect(open?.parts).toEqual([1, 2, 3])
    const sent = await storage.upload('key', stream(), { resume })
    expect(sent.checksum).toMatchObject({ algorithm: 'SHA256', type: 'COMPOSITE' })
    const wrong = storage.upload('key', stream(), { resume, checksum: 'CRC32' })
    await expect(wrong).rejects.toThrow(TypeError)
  })

  test('leaves nothing when nobody could keep its token', async () => {
    await using storage = await store.faulty()
    const boom = new Error('disk full')
    const upload = storage.upload('key', body, { onResumeToken: () => Promise.reject(boom) })
    expect(await failureOf(upload)).toMatchObject({ outcome: 'none', cause: boom })
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
  })

  test('has no token when it is one request', async () => {
    await using storage = await store.faulty()
    const tokens: string[] = []
    const onResumeToken = (token: string): void => void tokens.push(token)
    await storage.upload('key', 'text', { onResumeToken })
    expect(tokens).toEqual([])
  })
})

describe('a token', () => {
  test('of another key, another bucket or another secret is told so', async () => {
    await using storage = await store.faulty()
    const resume = await begun(storage)
    const other = await failureOf(storage.upload('other', stream(), { resume }))
    expect(other).toMatchObject({ code: 'invalid_token', outcome: 'none', retryable: false })
    expect(other.message).toContain('the token is for the key "key"')
    await using elsewhere = createStorage({ ...store.config, bucket: await store.bucket() })
    const wrong = await failureOf(elsewhere.upload('key', stream(), { resume }))
    expect(wrong.message).toContain(`the token is for the bucket "${storage.bucket}"`)
    const { bucket } = storage
    const tokenSecret = 'another secret of ours'
    await using stranger = createStorage({ ...store.config, bucket, tokenSecret })
    await expect(stranger.upload('key', stream(), { resume })).rejects.toMatchObject({
      code: 'invalid_token',
    })
    expect(await store.s3.uploads(bucket)).toHaveLength(1)
  })

  test('that was altered, or is none, is refused', async () => {
    await using storage = await store.faulty()
    const resume = await begun(storage)
    const [text = '', signature = ''] = resume.split('.')
    const ticket = JSON.parse(Buffer.from(text, 'base64url').toString()) as { key: string }
    const forged = Buffer.from(JSON.stringify({ ...ticket, key: 'x' })).toString('base64url')
    for (const token of [`${forged}.${signature}`, text, 'x', '.', `${resume}.x`.slice(1)]) {
      const upload = storage.upload('x', stream(), { resume: token })
      await expect(upload).rejects.toMatchObject({ code: 'invalid_token' })
    }
    for (const token of ['', 7 as never]) {
      await expect(storage.upload('x', stream(), { resume: token })).rejects.toThrow(TypeError)
    }
  })

  test('of an upload that is over says what to do', async () => {
    await using storage = await store.faulty()
    const resume = await begun(storage)
    await storage.upload('key', stream(), { resume })
    const error = await failureOf(storage.upload('key', stream(), { resume }))
    expect(error).toMatchObject({ code: 'not_found', outcome: 'none' })
    expect(error.message).toContain('look whether the object is there')
  })

  test('goes with a body of the same length', async () => {
    await using storage = await store.faulty()
    let resume = ''
    const stop = new AbortController()
    const upload = storage.upload('key', body, {
      signal: stop.signal,
      onResumeToken: (token) => {
        resume = token
        stop.abort()
      },
    })
    await expect(upload).rejects.toMatchObject({ name: 'Cancelled' })
    for (const other of [body.subarray(1), stream()]) {
      const error = await failureOf(storage.upload('key', other, { resume }))
      expect(error).toMatchObject({ code: 'source_failed', outcome: 'none', retryable: false })
      expect(error.message).toContain(`begun with a body of ${body.byteLength} bytes`)
    }
    expect(await store.s3.uploads(storage.bucket)).toHaveLength(1)
    expect(await storage.upload('key', body, { resume })).toMatchObject({ key: 'key' })
  })

  test('needs a secret that lasts, and says so before anything is sent', async () => {
    const bucket = await store.bucket()
    const source = { ...store.config, bucket, credentials: store.s3.temporaryCredentials() }
    await using storage = createStorage(source)
    const before = { ...store.s3.requests }
    const options = { onResumeToken: () => undefined }
    await expect(storage.upload('key', body, options)).rejects.toThrow(/tokenSecret/)
    expect(store.s3.requests).toEqual(before)
    const tokenSecret = 'a secret of our own'
    await using lasting = createStorage({ ...source, tokenSecret })
    await expect(lasting.upload('key', body, options)).resolves.toMatchObject({ key: 'key' })
    expect(() => createStorage({ ...source, tokenSecret: 'short' })).toThrow(TypeError)
  })
})
