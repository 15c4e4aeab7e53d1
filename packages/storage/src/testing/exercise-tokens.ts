import assert from 'node:assert/strict'
import { generate, patterned, sliced } from './exercise-sources.ts'
import type { PresignedUpload } from '../presign/presign-upload.ts'
import type { SuiteCase } from '@yuzuru/concurrency/testing'
import { type MakeStorageCase, rejects, type StorageFixture } from './storage-fixture.ts'

const MIB = 1_024 ** 2
const PART = 5 * MIB

/** What every storage does with uploads that one call begins and another ends. */
export function exerciseTokens(made: MakeStorageCase): readonly SuiteCase[] {
  return [
    made('goes on with an upload that broke, and removes one that shall not', async (fixture) => {
      const { storage, prefix = '' } = fixture
      const key = `${prefix}resumed`
      const body = patterned(2 * PART + 1)
      for (const again of [true, false]) {
        const token = await broken(fixture, key, body)
        assert.equal(await fixture.openUploads(), 1)
        if (again) {
          const options = { resume: token } as const
          const sent = await storage.upload(key, generate(sliced(body, MIB)), options)
          assert.equal(sent.bytes, body.byteLength)
          assert.equal(Buffer.compare(await (await storage.download(key)).bytes(), body), 0)
        } else {
          await storage.abortUpload(token)
          await storage.abortUpload(token)
        }
        assert.equal(await fixture.openUploads(), 0)
        const source = generate(sliced(body, MIB))
        await rejects(storage.upload(key, source, { resume: token }), 'not_found')
      }
    }),
    made('lets somebody else upload in parts, and completes what is whole', async (fixture) => {
      const { storage, prefix = '' } = fixture
      const key = `${prefix}計画 (1).bin`
      const body = patterned(2 * PART + 1)
      const bytes = body.byteLength
      const upload = await storage.presignUpload(key, { bytes, contentType: 'video/mp4' })
      assert.deepEqual(
        upload.parts.map((part) => [part.number, part.bytes]),
        [
          [1, PART],
          [2, PART],
          [3, 1],
        ],
      )
      const none = ['', '', '']
      await rejects(storage.completeUpload(upload.token, none), 'incomplete_upload')
      if (fixture.put === undefined) {
        const last = upload.parts[2]?.url ?? ''
        const { status } = await fetch(last, { method: 'PUT', body: 'more than one byte' })
        assert.equal(status, 403)
      }
      const etags = await sendAll(fixture, upload, body)
      await rejects(storage.completeUpload(upload.token, etags.slice(1)), 'incomplete_upload')
      const swapped = etags.toReversed()
      await rejects(storage.completeUpload(upload.token, swapped), 'incomplete_upload')
      assert.equal(await storage.exists(key), false)
      const done = await storage.completeUpload(upload.token, etags)
      assert.equal(done.bytes, bytes)
      // Its answer may have been lost.
      assert.equal((await storage.completeUpload(upload.token, etags)).etag, done.etag)
      const loaded = await storage.download(key)
      assert.equal(loaded.info.contentType, 'video/mp4')
      assert.equal(Buffer.compare(await loaded.bytes(), body), 0)
      await storage.abortUpload(upload.token)
      assert.equal(await storage.exists(key), true)
      assert.equal(await fixture.openUploads(), 0)
    }),
    made('signs the rest of an upload anew, and says what has arrived', async (fixture) => {
      const { storage, prefix = '', put = putByFetch } = fixture
      const key = `${prefix}again`
      const body = patterned(2 * PART + 1)
      const upload = await storage.presignUpload(key, { bytes: body.byteLength })
      const [first] = upload.parts
      const sent = await put(first?.url ?? '', body.subarray(0, PART), upload.headers)
      const again = await storage.presignParts(upload.token, { expiresInSeconds: 60 })
      const bare = sent.replaceAll('"', '')
      assert.deepEqual(
        again.parts.map(({ number, bytes, etag }) => [number, bytes, etag]),
        [
          [1, PART, bare],
          [2, PART, undefined],
          [3, 1, undefined],
        ],
      )
      assert.equal(again.bytes, body.byteLength)
      const missing = again.parts.filter(({ etag }) => etag === undefined)
      const etags = await sendAll(fixture, { ...again, parts: missing }, body)
      await storage.completeUpload(again.token, [bare, ...etags])
      assert.equal(Buffer.compare(await (await storage.download(key)).bytes(), body), 0)
      await rejects(storage.presignParts(upload.token), 'not_found')
      const small = await storage.presignUpload(key, {
        bytes: 4,
        filename: '計画.txt',
        metadata: { author: '花子' },
      })
      assert.equal((await storage.presignParts(small.token)).parts[0]?.etag, undefined)
      const renewed = await storage.presignParts(small.token)
      assert.deepEqual(renewed.headers, small.headers)
      const whole = await sendAll(fixture, renewed, Buffer.from('text'))
      const [arrived] = (await storage.presignParts(small.token)).parts
      assert.equal(arrived?.etag, whole[0]?.replaceAll('"', ''))
      await storage.completeUpload(small.token, whole)
      assert.equal((await storage.head(key)).metadata['author'], '花子')
      await rejects(storage.presignParts('x'), 'invalid_token')
      await assert.rejects(storage.presignParts(small.token, { expiresInSeconds: 0 }), TypeError)
    }),
    made('lets somebody else upload a small file with one request', async (fixture) => {
      const { storage, prefix = '' } = fixture
      const key = `${prefix}small`
      for (const body of [Buffer.from('text'), Buffer.alloc(0)]) {
        const upload = await storage.presignUpload(key, {
          bytes: body.byteLength,
          contentType: 'text/plain',
          filename: '計画.txt',
          metadata: { author: '花子' },
        })
        assert.equal(upload.parts.length, 1)
        await rejects(storage.completeUpload(upload.token, ['']), 'incomplete_upload')
        const etags = await sendAll(fixture, upload, body)
        await rejects(storage.completeUpload(upload.token, ['x']), 'incomplete_upload')
        const done = await storage.completeUpload(upload.token, etags)
        assert.deepEqual([done.key, done.bytes], [key, body.byteLength])
        const info = await storage.head(key)
        assert.equal(info.contentType, 'text/plain')
        assert.match(info.contentDisposition ?? '', /%E8%A8%88/)
        assert.equal(info.metadata['author'], '花子')
        // What has come since is not this upload's.
        await storage.upload(key, 'other')
        await rejects(storage.completeUpload(upload.token, etags), 'incomplete_upload')
        await storage.abortUpload(upload.token)
        assert.equal(await storage.exists(key), true)
      }
      const given = await storage.presignUpload(key, { bytes: 1 })
      await sendAll(fixture, given, Buffer.from('x'))
      await storage.abortUpload(given.token)
      assert.equal(await storage.exists(key), false)
    }),
    made('removes what somebody else has uploaded when it shall not be', async (fixture) => {
      const { storage, prefix = '' } = fixture
      const key = `${prefix}given up`
      const body = patterned(PART + 1)
      const upload = await storage.presignUpload(key, { bytes: body.byteLength })
      const etags = await sendAll(fixture, upload, body)
      await storage.abortUpload(upload.token)
      await rejects(storage.completeUpload(upload.token, etags), 'not_found')
      const first = { bytes: body.byteLength, ifNoneMatch: '*' } as const
      const late = await storage.presignUpload(key, first)
      const sent = await sendAll(fixture, late, body)
      await storage.upload(key, 'here first')
      await rejects(storage.completeUpload(late.token, sent), 'precondition_failed')
      assert.equal(await fixture.openUploads(), 0)
    }),
    made('takes no token but its own', async ({ storage, prefix = '' }) => {
      const key = `${prefix}token`
      const { token } = await storage.presignUpload(key, { bytes: 1 })
      for (const forged of [`${token}x`.slice(1), 'x', `.${token}`]) {
        await rejects(storage.completeUpload(forged, ['']), 'invalid_token')
        await rejects(storage.abortUpload(forged), 'invalid_token')
      }
      await rejects(storage.upload(key, 'x', { resume: token }), 'invalid_token')
      await assert.rejects(storage.completeUpload('', []), TypeError)
      await assert.rejects(storage.completeUpload(token, ['x', 1 as never]), TypeError)
      await rejects(storage.presignUpload(key, { bytes: 11, maxBytes: 10 }), 'too_large')
      for (const bytes of [-1, 1.5, Number.NaN, '1' as never]) {
        await assert.rejects(storage.presignUpload(key, { bytes }), TypeError)
      }
    }),
  ]
}

/** Begins an upload whose source breaks when its first part has arrived; gives its token. */
async function broken({ storage }: StorageFixture, key: string, body: Uint8Array): Promise<string> {
  const arrived = Promise.withResolvers<void>()
  let token = ''
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    yield body.subarray(0, PART + 1)
    await arrived.promise
    throw new Error('boom')
  }
  const upload = storage.upload(key, source(), {
    onResumeToken: (given) => void (token = given),
    onProgress: () => arrived.resolve(),
  })
  const error = await rejects(upload, 'source_failed')
  assert.equal(error.outcome, 'none')
  return token
}

/** Does what a browser does with an upload. */
async function sendAll(
  { put = putByFetch }: StorageFixture,
  { parts, headers, partSizeBytes }: PresignedUpload,
  body: Uint8Array,
): Promise<string[]> {
  const etags: string[] = []
  for (const { number, url, bytes } of parts) {
    const start = (number - 1) * partSizeBytes
    etags.push(await put(url, body.subarray(start, start + bytes), headers))
  }
  return etags
}

async function putByFetch(
  url: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const response = await fetch(url, { method: 'PUT', body: Buffer.from(body), headers })
  assert.equal(response.status, 200, await response.text())
  return response.headers.get('etag') ?? ''
}
