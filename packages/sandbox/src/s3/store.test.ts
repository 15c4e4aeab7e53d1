import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Bucket } from './bucket.ts'
import { Store } from './store.ts'
import type { StoredObject } from './stored-object.ts'
import type { UploadedPart } from './uploads.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'yuzuru-store-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function openBucket(): Promise<Bucket> {
  const store = await Store.open(dir)
  await store.create('plans')
  return store.bucket('plans')
}

async function objectOf(bucket: Bucket, key: string, text: string): Promise<StoredObject> {
  const segment = await bucket.blobs.write([Buffer.from(text)])
  return {
    key,
    size: segment.size,
    etag: 'e',
    modifiedAt: 1,
    headers: { 'content-type': 'text/plain' },
    tags: [['a', 'b']],
    checksum: { algorithm: 'CRC32', value: 'AAAAAA==', type: 'FULL_OBJECT' },
    segments: [segment],
  }
}

async function partOf(bucket: Bucket, number: number): Promise<UploadedPart> {
  const segment = await bucket.blobs.write([Buffer.from(`part ${number}`)])
  return { number, segment, etag: 'e', modifiedAt: 1, checksums: {} }
}

const begin = (bucket: Bucket, key: string) =>
  bucket.uploads.begin({ key, startedAt: 1, headers: {}, tags: [], checksumType: 'FULL_OBJECT' })

const dataFiles = () => readdir(join(dir, 'plans', 'data'))

describe('Store', () => {
  test('opened again has the same buckets, objects and unfinished uploads', async () => {
    const before = await openBucket()
    const object = await objectOf(before, '../支援//', 'content')
    await before.keep(object)
    const upload = await begin(before, 'big')
    const part = await partOf(before, 7)
    await before.uploads.put('big', upload.id, part)
    const after = await openBucket()
    expect(after.object('../支援//')).toEqual(object)
    expect(after.uploads.list()).toEqual([upload])
    expect(after.uploads.parts('big', upload.id)).toEqual([part])
    expect((await dataFiles()).sort()).toEqual([object.segments[0]!.file, part.segment.file].sort())
  })

  test('opened again has swept what a crash in mid-upload left', async () => {
    const before = await openBucket()
    await before.keep(await objectOf(before, 'kept', 'content'))
    const kept = await dataFiles()
    await objectOf(before, 'never committed', 'rubbish')
    await writeFile(join(dir, 'plans', 'data', 'staged-sidecar'), '{')
    expect((await dataFiles()).length).toBe(kept.length + 2)
    await openBucket()
    expect(await dataFiles()).toEqual(kept)
  })

  test('a crash between an upload’s object and its end loses neither bytes nor sense', async () => {
    const before = await openBucket()
    const upload = await begin(before, 'big')
    const [chosen, unchosen] = [await partOf(before, 1), await partOf(before, 2)]
    for (const part of [chosen, unchosen]) await before.uploads.put('big', upload.id, part)
    const object = { ...(await objectOf(before, 'big', '')), segments: [chosen.segment] }
    await before.keep(object)
    const after = await openBucket()
    expect(after.uploads.list()).toEqual([])
    expect(after.object('big').segments).toEqual([chosen.segment])
    expect(await dataFiles()).toEqual([chosen.segment.file])
  })

  test('an overwritten object’s bytes are removed, a refused one’s too', async () => {
    const bucket = await openBucket()
    await bucket.keep(await objectOf(bucket, 'key', 'old'))
    const current = await objectOf(bucket, 'key', 'new')
    await bucket.keep(current)
    const refused = bucket.keep(await objectOf(bucket, 'key', 'late'), () => {
      throw new Error('refused')
    })
    await expect(refused).rejects.toThrow('refused')
    expect(await dataFiles()).toEqual([current.segments[0]!.file])
    expect(bucket.object('key')).toEqual(current)
  })

  test('a part that is replaced while its upload completes stops the completion', async () => {
    const bucket = await openBucket()
    const upload = await begin(bucket, 'big')
    const first = await partOf(bucket, 1)
    await bucket.uploads.put('big', upload.id, first)
    await bucket.uploads.put('big', upload.id, await partOf(bucket, 1))
    expect(() => bucket.uploads.claim('big', upload.id, [first])).toThrow(
      expect.objectContaining({ code: 'InvalidPart' }),
    )
  })

  test('a part that arrives after its upload has ended leaves no bytes', async () => {
    const bucket = await openBucket()
    const upload = await begin(bucket, 'big')
    const late = await partOf(bucket, 1)
    await bucket.uploads.bury(upload.id, bucket.uploads.claim('big', upload.id))
    const put = bucket.uploads.put('big', upload.id, late)
    await expect(put).rejects.toMatchObject({ code: 'NoSuchUpload' })
    expect(await dataFiles()).toEqual([])
  })

  test('a bucket that holds an object is not removed', async () => {
    const store = await Store.open(dir)
    await store.create('plans')
    const bucket = await store.bucket('plans')
    await bucket.keep(await objectOf(bucket, 'a', ''))
    await expect(store.remove('plans')).rejects.toMatchObject({ code: 'BucketNotEmpty' })
  })
})
