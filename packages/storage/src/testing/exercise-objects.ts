import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { patterned } from './exercise-sources.ts'
import type { ListedObject } from '../store/object-backend.ts'
import type { SuiteCase } from '@yuzuru/concurrency/testing'
import { type MakeStorageCase, rejects, textOf } from './storage-fixture.ts'

const MIB = 1_024 ** 2

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

/** Texts that headers and their encodings get wrong. */
const METADATA = [
  '',
  ' ',
  ' before',
  'after ',
  '\tbefore',
  'two  spaces',
  'a\r\nx-evil: 1',
  '=?UTF-8?B?eA==?=',
  'a =?UTF-8?Q?x?=',
  '"quoted", a;b=c',
  '支援 計画',
  '🌸 \u00e9\u0301',
  'x'.repeat(2_000),
  '書'.repeat(400),
]

const REFUSED = ['', 'a/../b', '.', './a', 'a\0b', 'x'.repeat(1_025), '漢'.repeat(342), 'a\ud800']

/** What every storage does with objects that are there, or are not. */
export function exerciseObjects(made: MakeStorageCase): readonly SuiteCase[] {
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
    made('keeps metadata as it is, or refuses it before anything is sent', async (fixture) => {
      const { storage, prefix } = fixture
      const key = `${prefix ?? ''}metadata`
      for (const [name, text] of METADATA.entries()) {
        await storage.upload(key, 'x', { metadata: { [`M${name}`]: text } })
        assert.deepEqual({ ...(await storage.head(key)).metadata }, { [`m${name}`]: text })
      }
      await storage.delete(key)
      const refused: readonly Readonly<Record<string, string>>[] = [
        { A: '1', a: '2' },
        { 'a b': '1' },
        { '': '1' },
        { a: 'a\ud800' },
        { a: 'x'.repeat(2_048) },
        { a: '書'.repeat(600) },
      ]
      for (const metadata of refused) {
        await assert.rejects(storage.upload(key, 'x', { metadata }), TypeError)
        await assert.rejects(storage.presignUpload(key, { bytes: 1, metadata }), TypeError)
        const attributes = { metadata }
        await assert.rejects(storage.copy(key, `${key}-2`, { attributes }), TypeError)
      }
      for (const contentType of [' text/plain', 'text/plain ', 'text/plain\t', '']) {
        await assert.rejects(storage.upload(key, 'x', { contentType }), TypeError)
      }
      assert.equal(await storage.exists(key), false)
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
    made('gives an object in several ranges at once', async ({ storage, prefix }) => {
      const key = `${prefix ?? ''}ranges`
      const body = patterned(11 * MIB + 3)
      await storage.upload(key, body)
      const object = await storage.download(key, { parallel: 3 })
      assert.equal(object.bytesExpected, body.byteLength)
      assert.equal(Buffer.compare(await object.bytes(), body), 0)
      const range = { start: MIB, end: 9 * MIB }
      const part = await storage.download(key, { parallel: 2, range })
      const pieces = Buffer.concat(await Array.fromAsync(part.body))
      assert.equal(Buffer.compare(pieces, body.subarray(MIB, 9 * MIB + 1)), 0)
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
        await (await storage.download(key)).saveTo(path, { resume: true })
        assert.equal(Buffer.compare(await readFile(path), body), 0)
        assert.deepEqual(await readdir(folder), ['out'])
      } finally {
        await rm(folder, { recursive: true })
      }
    }),
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
    made('is well with an object and without, and not once it is closed', async (fixture) => {
      const { storage, prefix } = fixture
      assert.equal(storage.boundary, 'storage')
      await storage.health()
      await storage.upload(`${prefix ?? ''}a`, 'one')
      await storage.health({ timeoutMs: 60_000 })
      await storage.close()
      const error = await rejects(storage.health(), 'closed')
      assert.equal(error.outcome, 'none')
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
  ]
}

async function collect(source: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  return await Array.fromAsync(source)
}
