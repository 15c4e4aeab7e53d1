import {
  ListBucketsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Store } from './store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
const many = Array.from({ length: 2_500 }, (_, index) => `office-${index % 5}/plan-${index}`).sort()

const few = ['a', 'a/1', 'a/2', 'a/b/3', 'a//4', 'b', 'c/5', 'z ?', 'ﬂ', '😀']

async function fill(store: Store, name: string, keys: readonly string[]): Promise<void> {
  await store.create(name)
  const bucket = await store.bucket(name)
  for (const key of keys) {
    await bucket.keep({
      key,
      size: 0,
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      modifiedAt: 0,
      headers: {},
      tags: [],
      checksum: { algorithm: 'CRC64NVME', value: 'AAAAAAAAAAA=', type: 'FULL_OBJECT' },
      segments: [],
    })
  }
}

beforeAll(async () => {
  server = await startTestServer({
    prepare: async (dir) => {
      const store = await Store.open(dir)
      await fill(store, 'many', many)
      await fill(store, 'few', few)
    },
  })
})
afterAll(() => server[Symbol.asyncDispose]())

const list = (input: Omit<ListObjectsV2CommandInput, 'Bucket'>, Bucket = 'few') =>
  server.client.send(new ListObjectsV2Command({ Bucket, ...input }))

const keysOf = (page: Awaited<ReturnType<typeof list>>): (string | undefined)[] =>
  (page.Contents ?? []).map(({ Key }) => Key)

const groupsOf = (page: Awaited<ReturnType<typeof list>>): (string | undefined)[] =>
  (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix)

describe('ListObjectsV2', () => {
  test('walks 2,500 keys in pages of 1,000, each key once and in order', async () => {
    const seen: (string | undefined)[] = []
    const sizes: (number | undefined)[] = []
    for await (const page of paginateListObjectsV2({ client: server.client }, { Bucket: 'many' })) {
      seen.push(...keysOf(page))
      sizes.push(page.KeyCount)
    }
    expect(sizes).toEqual([1_000, 1_000, 500])
    expect(seen).toEqual(many)
  })

  test('groups them by delimiter, one entry a group, over pages', async () => {
    const groups: (string | undefined)[] = []
    const input = { Bucket: 'many', Delimiter: '/' }
    const config = { client: server.client, pageSize: 2 }
    for await (const page of paginateListObjectsV2(config, input)) {
      expect(page.Contents).toBeUndefined()
      groups.push(...groupsOf(page))
    }
    expect(groups).toEqual([0, 1, 2, 3, 4].map((office) => `office-${office}/`))
  })

  test('mixes keys and groups, and counts both against max-keys', async () => {
    const page = await list({ Delimiter: '/', MaxKeys: 3 })
    expect([keysOf(page), groupsOf(page)]).toEqual([['a', 'b'], ['a/']])
    expect([page.KeyCount, page.MaxKeys, page.IsTruncated]).toEqual([3, 3, true])
    const rest = await list({ Delimiter: '/', ContinuationToken: page.NextContinuationToken })
    expect([keysOf(rest), groupsOf(rest)]).toEqual([['z ?', 'ﬂ', '😀'], ['c/']])
    expect(rest.IsTruncated).toBe(false)
  })

  test('a prefix narrows, and the delimiter is looked for behind it', async () => {
    const page = await list({ Prefix: 'a/', Delimiter: '/' })
    expect([keysOf(page), groupsOf(page)]).toEqual([
      ['a/1', 'a/2'],
      ['a//', 'a/b/'],
    ])
    expect(page.Prefix).toBe('a/')
  })

  test('start-after begins behind a key, be it there or not', async () => {
    expect(keysOf(await list({ StartAfter: 'a/2' }))).toEqual([
      'a/b/3',
      'b',
      'c/5',
      'z ?',
      'ﬂ',
      '😀',
    ])
    expect(keysOf(await list({ StartAfter: 'bb' }))).toEqual(['c/5', 'z ?', 'ﬂ', '😀'])
    expect(keysOf(await list({ StartAfter: 'a', Prefix: 'c' }))).toEqual(['c/5'])
    expect(keysOf(await list({ StartAfter: 'd', Prefix: 'c' }))).toEqual([])
  })

  test('an exact number of keys is not a truncated page, and max-keys of 0 an empty one', async () => {
    const exact = await list({ MaxKeys: 10 })
    expect([exact.KeyCount, exact.IsTruncated]).toEqual([10, false])
    const none = await list({ MaxKeys: 0 })
    expect([none.KeyCount, none.IsTruncated]).toEqual([0, false])
    expect((await list({ MaxKeys: 5_000 })).MaxKeys).toBe(1_000)
  })

  test('encoding-type=url encodes keys, prefixes and delimiter', async () => {
    const page = await list({ EncodingType: 'url', Prefix: 'z ' })
    expect([keysOf(page), page.Prefix, page.EncodingType]).toEqual([['z+%3F'], 'z+', 'url'])
    expect(keysOf(await list({ EncodingType: 'url', Prefix: 'a/b' }))).toEqual(['a/b/3'])
  })

  test('gives of each object its size, ETag, time and checksum', async () => {
    const [entry] = (await list({ Prefix: 'b' })).Contents ?? []
    expect(entry).toMatchObject({
      Key: 'b',
      Size: 0,
      ETag: '"d41d8cd98f00b204e9800998ecf8427e"',
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: ['CRC64NVME'],
      ChecksumType: 'FULL_OBJECT',
    })
    expect(entry?.LastModified).toBeInstanceOf(Date)
  })

  test.each([
    ['max-keys=-1'],
    ['max-keys=many'],
    ['continuation-token=forged'],
    ['encoding-type=base64'],
  ])('%s is InvalidArgument', async (query) => {
    const answer = await server.send({ path: `/few?list-type=2&${query}` })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
  })
})

test('ListBuckets lists them by name', async () => {
  const { Buckets } = await server.client.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['few', 'many', 'plans'])
})
