import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import type { ListedObject } from './object-backend.ts'
import type { Storage } from './storage.ts'
import { StorageError, type StorageErrorCode } from './storage-error.ts'
import type { UploadBody } from './upload-body.ts'

/** A storage to be tried, fresh for one case. */
export interface StorageFixture extends AsyncDisposable {
  /** With parts of 5 MiB. */
  readonly storage: Storage
  /** What all keys begin with; nothing else is touched. @default '' */
  readonly prefix?: string
  /** How many multipart uploads are open under the prefix. */
  openUploads(): Promise<number>
}

/** One case of {@link exerciseStorage}. */
export interface StorageCase {
  readonly name: string
  readonly run: () => Promise<void>
}

const MIB = 1_024 ** 2
const PART = 5 * MIB

/** Keys that clients and proxies get wrong. */
const AWKWARD = [
  '支援計画/令和８年度.pdf',
  'a b+c (d) %20 %2F.txt',
  'emoji/🌸.png',
  'quotes\'"`&<>=?#;:@$,!*~|[]{}^\\',
  'a//b',
  'slash/',
  'x'.repeat(1_024),
]

const REFUSED = ['', 'a/../b', '.', './a', 'a\0b', 'x'.repeat(1_025), '漢'.repeat(342), 'a\ud800']

/**
 * What every {@link Storage} does, whatever is behind it: the fake of this package and real stores pass
 * the same cases. No test framework is needed.
 *
 * @param make opens a storage with nothing under its prefix; it is disposed of after the case
 * @example
 * for (const { name, run } of exerciseStorage(makeFixture)) test(name, run)
 */
export function exerciseStorage(make: () => Promise<StorageFixture>): readonly StorageCase[] {
  const made = (name: string, body: (fixture: StorageFixture) => Promise<void>): StorageCase => ({
    name,
    async run() {
      await using fixture = await make()
      await body(fixture)
    },
  })
  return [
    made('keeps text with its type, name, metadata and checksum', async ({ storage, prefix }) => {
      const key = `${prefix ?? ''}plan.txt`
      const sent = await storage.upload(key, 'こんにちは', {
        contentType: 'text/plain; charset=utf-8',
        filename: '支援計画書（令和８年度）.txt',
        cacheControl: 'private',
        metadata: { author: '花子', Kind: 'plan' },
      })
      assert.equal(sent.bytes, 15)
      const info = await storage.head(key)
      assert.equal(info.etag, sent.etag)
      assert.equal(info.bytes, 15)
      assert.equal(info.contentType, 'text/plain; charset=utf-8')
      assert.match(
        info.contentDisposition ?? '',
        /^inline; filename="_+\.txt"; filename\*=UTF-8''%E6/,
      )
      assert.equal(info.cacheControl, 'private')
      assert.deepEqual({ ...info.metadata }, { author: '花子', kind: 'plan' })
      const loaded = await storage.download(key)
      assert.equal(await loaded.text(), 'こんにちは')
      assert.equal(await storage.exists(key), true)
    }),
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
      }
      assert.equal(await fixture.openUploads(), 0)
    }),
    made('stores the bytes under awkward keys and lists them as they are', async (fixture) => {
      const { storage, prefix = '' } = fixture
      const keys = AWKWARD.map((key) =>
        `${prefix}${key}`.slice(0, key.length > 1_000 ? 1_024 : undefined),
      )
      for (const key of keys) await storage.upload(key, key)
      for (const key of keys) assert.equal(await textOf(storage, key), key)
      const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const listed = await collect(storage.list({ prefix }))
      assert.deepEqual(
        listed.map(({ key }) => key),
        byBytes,
      )
      await storage.deleteMany(keys)
      assert.deepEqual(await collect(storage.list({ prefix })), [])
    }),
    made('refuses keys that are none before anything is sent', async ({ storage }) => {
      for (const key of REFUSED) {
        await assert.rejects(storage.upload(key, 'x'), TypeError)
        await assert.rejects(storage.download(key), TypeError)
        await assert.rejects(storage.head(key), TypeError)
        await assert.rejects(storage.delete(key), TypeError)
        await assert.rejects(storage.presignGet(key), TypeError)
        await assert.rejects(storage.presignPut(key), TypeError)
        await assert.rejects(storage.copy('a', key), TypeError)
      }
    }),
    made('gives ranges, and refuses one behind the end', async ({ storage, prefix }) => {
      const key = `${prefix ?? ''}range`
      await storage.upload(key, '0123456789')
      const ranges = [
        [{ start: 0, end: 0 }, '0'],
        [{ start: 3, end: 5 }, '345'],
        [{ start: 8 }, '89'],
        [{ start: 9, end: 100 }, '9'],
      ] as const
      for (const [range, text] of ranges) {
        const part = await storage.download(key, { range })
        assert.equal(part.bytesExpected, text.length)
        assert.equal(part.info.bytes, 10)
        assert.equal(await part.text(), text)
      }
      await rejects(storage.download(key, { range: { start: 10 } }), 'range_not_satisfiable')
    }),
    made('pins a download to an ETag', async ({ storage, prefix }) => {
      const key = `${prefix ?? ''}pinned`
      const first = await storage.upload(key, 'one')
      const pinned = await storage.download(key, { ifMatch: first.etag })
      assert.equal(await pinned.text(), 'one')
      await storage.upload(key, 'two')
      await rejects(storage.download(key, { ifMatch: first.etag }), 'precondition_failed')
    }),
    made('writes to a file whole or not at all', async ({ storage, prefix }) => {
      const folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
      try {
        const key = `${prefix ?? ''}file`
        const body = patterned(3 * MIB)
        await storage.upload(key, body)
        const path = join(folder, 'out')
        await writeFile(path, 'before')
        await (await storage.download(key)).saveTo(path)
        assert.equal(Buffer.compare(await readFile(path), body), 0)
        assert.deepEqual(await readdir(folder), ['out'])
      } finally {
        await rm(folder, { recursive: true })
      }
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
    made('says what is not there', async ({ storage, prefix }) => {
      const key = `${prefix ?? ''}nothing`
      const calls = [
        () => storage.head(key),
        () => storage.download(key),
        () => storage.copy(key, `${key}-2`),
      ]
      for (const call of calls) {
        const error = await rejects(call(), 'not_found')
        assert.equal(error.outcome, 'none')
        assert.equal(error.retryable, false)
      }
      assert.equal(await storage.exists(key), false)
      await storage.delete(key)
    }),
    made('lists page by page, and as folders', async ({ storage, prefix = '' }) => {
      const names = ['a/1', 'a/2', 'b/1', 'c', 'd']
      for (const name of names) await storage.upload(`${prefix}${name}`, name)
      const all = await collect(storage.list({ prefix, pageSize: 2 }))
      assert.deepEqual(
        all.map(({ key }) => key.slice(prefix.length)),
        names,
      )
      const after = await collect(storage.list({ prefix, startAfter: `${prefix}b/1` }))
      assert.deepEqual(
        after.map(({ key }) => key.slice(prefix.length)),
        ['c', 'd'],
      )
      const folder: string[] = []
      for await (const entry of storage.listFolder({ prefix, pageSize: 1 })) {
        const name = entry.kind === 'prefix' ? entry.prefix : entry.key
        folder.push(`${entry.kind} ${name.slice(prefix.length)}`)
      }
      assert.deepEqual(folder.sort(), ['object c', 'object d', 'prefix a/', 'prefix b/'])
      assert.equal(await storage.deletePrefix(`${prefix}a/`), 2)
      assert.equal(await collect(storage.list({ prefix })).then(({ length }) => length), 3)
    }),
    made('copies and moves with what is beside the bytes', async ({ storage, prefix = '' }) => {
      const [from, to, last] = ['from', 'to', 'last'].map((name) => `${prefix}${name} 写し+`) as [
        string,
        string,
        string,
      ]
      await storage.upload(from, 'body', { contentType: 'text/plain', metadata: { a: '一' } })
      const copied = await storage.copy(from, to)
      assert.equal(copied.bytes, 4)
      const info = await storage.head(to)
      assert.deepEqual([info.contentType, { ...info.metadata }], ['text/plain', { a: '一' }])
      await storage.copy(from, from, { attributes: { contentType: 'text/html' } })
      assert.equal((await storage.head(from)).contentType, 'text/html')
      await storage.move(to, last)
      assert.equal(await storage.exists(to), false)
      assert.equal(await textOf(storage, last), 'body')
    }),
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

async function textOf(storage: Storage, key: string): Promise<string> {
  return await (await storage.download(key)).text()
}

async function rejects(promise: Promise<unknown>, code: StorageErrorCode): Promise<StorageError> {
  const error: unknown = await promise.then(
    () => assert.fail(`Expected a failure with the code ${code}, got none`),
    (reason: unknown) => reason,
  )
  if (!StorageError.isInstance(error)) throw error
  assert.equal(error.code, code)
  return error
}

async function collect(source: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  return await Array.fromAsync(source)
}

/** Bytes that no two places of it have in common. */
function patterned(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let index = 0; index + 4 <= size; index += 4)
    bytes.writeUInt32LE((index * 2_654_435_761) % 2 ** 32, index)
  return bytes.fill(7, size - (size % 4))
}

function* sliced(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

async function* generate<T>(chunks: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* chunks
}

async function* failing(count: number, error: Error): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(MIB, index)
  throw error
}

/** A source that gives so many chunks of 1 MiB, and then nothing until it is released. */
function stalling(count: number): {
  readonly body: AsyncIterable<Uint8Array>
  readonly stalled: Promise<void>
  release(): void
  ended(): boolean
} {
  const stalled = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let given = 0
  let ended = false
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (given < count) return { done: false, value: Buffer.alloc(MIB, (given += 1)) }
      stalled.resolve()
      await released.promise
      return { done: true, value: undefined }
    },
    async return() {
      ended = true
      return { done: true, value: undefined }
    },
  }
  return {
    body: { [Symbol.asyncIterator]: () => iterator },
    stalled: stalled.promise,
    release: () => released.resolve(),
    ended: () => ended,
  }
}
