import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { failing, generate, patterned, sliced, stalling, usedUp } from './exercise-sources.ts'
import type { SuiteCase } from '@yuzuru/concurrency/testing'
import { type MakeStorageCase, rejects, textOf } from './storage-fixture.ts'
import { StorageError } from '../store/storage-error.ts'
import type { UploadBody } from '../upload/upload-body.ts'

const MIB = 1_024 ** 2
const PART = 5 * MIB

/** What every storage does with bodies that are sent to it. */
export function exerciseUploads(made: MakeStorageCase): readonly SuiteCase[] {
  return [
    made('takes every kind of body', async ({ storage, prefix }) => {
      const folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
      try {
        const path = join(folder, 'body')
        await writeFile(path, 'same')
        const bodies: readonly UploadBody[] = [
          'same',
          Buffer.from('same'),
          new TextEncoder().encode('same').buffer,
          new Blob(['sa', 'me']),
          { path },
          Readable.from([Buffer.from('sa'), Buffer.from('me')]),
          new Blob(['same']).stream() as ReadableStream<Uint8Array>,
          generate(['sa', '', 'me']),
        ]
        for (const [index, body] of bodies.entries()) {
          const key = `${prefix ?? ''}body-${index}`
          assert.equal((await storage.upload(key, body)).bytes, 4)
          assert.equal(await textOf(storage, key), 'same')
        }
      } finally {
        await rm(folder, { recursive: true })
      }
    }),
    made('keeps an empty object from every kind of source', async ({ storage, prefix }) => {
      for (const [index, body] of ['', new Blob([]), generate([])].entries()) {
        const key = `${prefix ?? ''}empty-${index}`
        assert.equal((await storage.upload(key, body)).bytes, 0)
        assert.equal((await storage.head(key)).bytes, 0)
        assert.equal(await textOf(storage, key), '')
      }
    }),
    made('stores nothing of a source that is used up', async ({ storage, prefix }) => {
      const key = `${prefix ?? ''}used`
      await storage.upload(key, 'good')
      for (const source of await usedUp(storage, `${key}-before`)) {
        await assert.rejects(storage.upload(key, source), TypeError)
      }
      assert.equal(await textOf(storage, key), 'good')
    }),
    made('keeps what the source of another upload may be read again for', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}again`
      const again = { [Symbol.asyncIterator]: () => generate(['sa', 'me']) }
      for (const body of ['same', Buffer.from('same'), new Blob(['same']), again]) {
        for (let time = 0; time < 2; time += 1) {
          await storage.upload(key, body)
          assert.equal(await textOf(storage, key), 'same')
        }
      }
    }),
    made('cuts bodies at, before and after the size of a part', async (fixture) => {
      const { storage, prefix } = fixture
      const all = patterned(2 * PART)
      for (const size of [PART - 1, PART, PART + 1, 2 * PART]) {
        const body = all.subarray(0, size)
        const key = `${prefix ?? ''}size`
        const sent = await storage.upload(key, generate(sliced(body, 700_001)))
        assert.equal(sent.bytes, size)
        const loaded = await storage.download(key)
        assert.equal(Buffer.compare(await loaded.bytes(), body), 0)
        assert.equal(loaded.info.etag, sent.etag)
        assert.equal(loaded.info.contentType, 'application/octet-stream')
      }
      assert.equal(await fixture.openUploads(), 0)
    }),
    made('lets one of a hundred writers win who all want to be first', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}first`
      const bodies = Array.from({ length: 100 }, (_, index) => `writer ${index}`)
      const results = await Promise.allSettled(
        bodies.map((body) => storage.upload(key, body, { ifNoneMatch: '*' })),
      )
      const won = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
      assert.equal(won.length, 1)
      assert.equal(await textOf(storage, key), `writer ${won[0]}`)
      for (const result of results) {
        if (result.status === 'fulfilled') continue
        assert.ok(StorageError.isInstance(result.reason))
        assert.ok(['precondition_failed', 'conflict'].includes(result.reason.code))
        assert.equal(result.reason.outcome, 'none')
      }
    }),
    made('writes only over the ETag that was named', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}match`
      const { etag } = await storage.upload(key, 'one')
      await storage.upload(key, 'two', { ifMatch: etag })
      await rejects(storage.upload(key, 'three', { ifMatch: etag }), 'precondition_failed')
      const large = generate(sliced(patterned(PART + 1), MIB))
      await rejects(storage.upload(key, large, { ifMatch: etag }), 'precondition_failed')
      assert.equal(await textOf(storage, key), 'two')
      assert.equal(await fixture.openUploads(), 0)
    }),
    made('stores nothing when the digest is not the expected one', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}digest`
      const options = { checksum: 'SHA256', expectedDigest: 'AAAA' } as const
      await rejects(storage.upload(key, 'x', options), 'checksum_mismatch')
      const large = generate(sliced(patterned(PART + 1), MIB))
      const wrong = { checksum: 'CRC32', expectedDigest: 'AAAAAA==' } as const
      await rejects(storage.upload(key, large, wrong), 'checksum_mismatch')
      assert.equal(await storage.exists(key), false)
      assert.equal(await fixture.openUploads(), 0)
    }),
    made('stores nothing that is larger than it may be', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}most`
      for (const size of [5, PART, PART + 1]) {
        const body = patterned(size)
        const kinds = [
          () => body,
          () => new Blob([Uint8Array.from(body)]),
          () => generate(sliced(body, MIB)),
        ]
        for (const make of kinds) {
          const over = storage.upload(key, make(), { maxBytes: size - 1 })
          assert.equal((await rejects(over, 'too_large')).outcome, 'none')
          assert.equal(await storage.exists(key), false)
          assert.equal(await fixture.openUploads(), 0)
          assert.equal((await storage.upload(key, make(), { maxBytes: size })).bytes, size)
          await storage.delete(key)
        }
      }
      let read = 0
      async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
        for (;;) yield Buffer.alloc(MIB, (read += 1))
      }
      await rejects(storage.upload(key, endless(), { maxBytes: 2 * MIB }), 'too_large')
      assert.equal(read, 3)
      for (const maxBytes of [-1, 1.5, Number.NaN, '1' as never]) {
        await assert.rejects(storage.upload(key, 'x', { maxBytes }), TypeError)
      }
    }),
    made('leaves nothing when the source fails, whenever it does', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}broken`
      for (const chunks of [0, 1, 6, 12]) {
        const boom = new Error('boom')
        const error = await rejects(storage.upload(key, failing(chunks, boom)), 'source_failed')
        assert.equal(error.cause, boom)
        assert.equal(error.outcome, 'none')
        assert.equal(await fixture.openUploads(), 0)
        assert.equal(await storage.exists(key), false)
      }
    }),
    made('leaves nothing when it is cancelled while its source stalls', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}stalled`
      for (const chunks of [0, 1, 6, 12]) {
        const source = stalling(chunks)
        const upload = withTimeout(10_000, async (scope) => {
          const sending = storage.upload(key, source.body)
          await source.stalled
          scope.cancel()
          await sending
        })
        await assert.rejects(upload, { name: 'Cancelled' })
        assert.equal(await fixture.openUploads(), 0)
        assert.equal(await storage.exists(key), false)
        assert.equal(source.ended(), true)
      }
    }),
    made(
      'reads nothing from the body when it was cancelled before',
      async ({ storage, prefix }) => {
        const key = `${prefix ?? ''}never`
        let read = false
        async function* body(): AsyncGenerator<string, void, undefined> {
          read = true
          yield 'x'
        }
        const signal = AbortSignal.abort()
        await assert.rejects(storage.upload(key, body(), { signal }), { name: 'Cancelled' })
        await assert.rejects(storage.upload(key, body(), { timeoutMs: 0 }), TimeoutError)
        assert.equal(read, false)
        assert.equal(await storage.exists(key), false)
      },
    ),
    made('reports progress up to the end', async ({ storage, prefix }) => {
      const seen: (readonly [number, number | undefined])[] = []
      const body = patterned(PART + 1)
      await storage.upload(`${prefix ?? ''}progress`, body, {
        onProgress: ({ sentBytes, totalBytes }) => seen.push([sentBytes, totalBytes]),
      })
      assert.equal(seen.length, 2)
      assert.deepEqual(seen.at(-1), [PART + 1, PART + 1])
    }),
    made('sweeps away the uploads that nobody finished', async ({ storage, prefix = '' }) => {
      const source = stalling(6)
      const key = `${prefix}running`
      const upload = storage.upload(key, source.body)
      await source.stalled
      // Ours is under way, so it stays however young the sweep takes them.
      assert.equal(await storage.sweepUploads({ olderThanMs: 0, prefix }), 0)
      source.release()
      assert.equal((await upload).bytes, 6 * MIB)
    }),
  ]
}
