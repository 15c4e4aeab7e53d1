import { createHash, randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from './test-server.ts'

const Bucket = 'plans'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ minPartSizeBytes: 1_000 })
})
afterAll(() => server[Symbol.asyncDispose]())

async function begin(
  Key: string,
  more: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<{ Bucket: string; Key: string; UploadId: string }> {
  const command = new CreateMultipartUploadCommand({ Bucket, Key, ...more })
  const { UploadId } = await server.client.send(command)
  return { Bucket, Key, UploadId: UploadId! }
}

type Begun = Awaited<ReturnType<typeof begin>>

async function part(
  upload: Begun,
  PartNumber: number,
  Body: Uint8Array,
  ChecksumAlgorithm?: ChecksumAlgorithm,
): Promise<CompletedPart> {
  const input = { ...upload, PartNumber, Body, ...(ChecksumAlgorithm && { ChecksumAlgorithm }) }
  const { $metadata, ...rest } = await server.client.send(new UploadPartCommand(input))
  void $metadata
  return { PartNumber, ...rest }
}

const complete = (
  upload: Begun,
  Parts: CompletedPart[],
  more: Partial<CompleteMultipartUploadCommandInput> = {},
) =>
  server.client.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }),
  )

async function read(Key: string): Promise<Buffer> {
  const got = await server.client.send(
    new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }),
  )
  return Buffer.from(await got.Body!.transformToByteArray())
}

describe('a multipart upload', () => {
  test('becomes one object with S3’s multipart ETag, its headers and tags', async () => {
    const pieces = [randomBytes(1_000), randomBytes(2_345), randomBytes(1)]
    const upload = await begin('whole', { ContentType: 'application/pdf', Tagging: 'a=1' })
    // In any order, with gaps in the numbers, and one part sent again.
    const last = await part(upload, 9, pieces[2]!)
    await part(upload, 1, randomBytes(1_500))
    const first = await part(upload, 1, pieces[0]!)
    const middle = await part(upload, 4, pieces[1]!)
    const done = await complete(upload, [first, middle, last])
    const md5s = pieces.map((piece) => createHash('md5').update(piece).digest())
    const expected = createHash('md5').update(Buffer.concat(md5s)).digest('hex')
    expect(done.ETag).toBe(`"${expected}-3"`)
    expect((await read('whole')).equals(Buffer.concat(pieces))).toBe(true)
    const head = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'whole' }))
    expect(head).toMatchObject({
      ContentType: 'application/pdf',
      ContentLength: 3_346,
      TagCount: 1,
    })
    expect(await server.s3.uploads(Bucket)).toEqual([])
    await expect(complete(upload, [first])).rejects.toMatchObject({ name: 'NoSuchUpload' })
  })

  test('leaves no bytes of parts that were replaced or not named', async () => {
    const before = (await server.files()).length
    const upload = await begin('economical')
    const first = await part(upload, 1, randomBytes(1_000))
    await part(upload, 2, randomBytes(1_000))
    await part(upload, 2, randomBytes(1_000))
    await complete(upload, [first])
    expect((await server.files()).length).toBe(before + 1)
  })

  test('gives its parts by number, and ranges across them', async () => {
    const upload = await begin('ranges')
    const pieces = [Buffer.alloc(1_000, 'a'), Buffer.alloc(1_000, 'b')]
    await complete(upload, [await part(upload, 1, pieces[0]!), await part(upload, 2, pieces[1]!)])
    const second = await server.client.send(
      new GetObjectCommand({ Bucket, Key: 'ranges', PartNumber: 2 }),
    )
    expect([second.PartsCount, second.ContentRange]).toEqual([2, 'bytes 1000-1999/2000'])
    expect(await second.Body!.transformToString()).toBe('b'.repeat(1_000))
    const across = await server.send({
      path: '/plans/ranges',
      headers: { range: 'bytes=998-1001' },
    })
    expect([across.status, across.text]).toEqual([206, 'aabb'])
    const third = await server.send({ path: '/plans/ranges?partNumber=3' })
    expect([third.status, third.code]).toEqual([416, 'InvalidPartNumber'])
  })

  test('arrives whole when it is deleted between one part and the next', async () => {
    const upload = await begin('leaving')
    const pieces = [Buffer.alloc(16_000_000, 1), Buffer.alloc(1_000, 2)]
    await complete(upload, [await part(upload, 1, pieces[0]!), await part(upload, 2, pieces[1]!)])
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key: 'leaving' }))
    await server.client.send(new DeleteObjectCommand({ Bucket, Key: 'leaving' }))
    const bytes = Buffer.from(await got.Body!.transformToByteArray())
    expect(bytes.equals(Buffer.concat(pieces))).toBe(true)
  })

  test.each([
    [
      'a part that was never sent',
      (p: CompletedPart[]) => [...p, { PartNumber: 3, ETag: '"x"' }],
      'InvalidPart',
    ],
    ['another ETag', (p: CompletedPart[]) => [p[0]!, { ...p[1], ETag: p[0]!.ETag }], 'InvalidPart'],
    [
      'another checksum',
      (p: CompletedPart[]) => [p[0]!, { ...p[1], ChecksumCRC32: 'AAAAAA==' }],
      'InvalidPart',
    ],
    ['falling numbers', (p: CompletedPart[]) => p.toReversed(), 'InvalidPartOrder'],
    ['the same part twice', (p: CompletedPart[]) => [p[0]!, p[0]!], 'InvalidPartOrder'],
    ['no part', () => [], 'MalformedXML'],
  ])('with %s is refused, and stays open', async (_, change, code) => {
    const upload = await begin('refused')
    const parts = [
      await part(upload, 1, randomBytes(1_000)),
      await part(upload, 2, randomBytes(10)),
    ]
    await expect(complete(upload, change(parts))).rejects.toMatchObject({ name: code })
    await complete(upload, parts)
    expect((await read('refused')).length).toBe(1_010)
  })

  test('whose part before the last is too small is EntityTooSmall', async () => {
    const upload = await begin('small')
    const parts = [
      await part(upload, 1, randomBytes(999)),
      await part(upload, 2, randomBytes(1_000)),
    ]
    await expect(complete(upload, parts)).rejects.toMatchObject({ name: 'EntityTooSmall' })
    await server.client.send(new AbortMultipartUploadCommand(upload))
  })

  test('aborted leaves no part, no file and no id', async () => {
    const before = await server.files()
    const upload = await begin('aborted')
    await part(upload, 1, randomBytes(1_000))
    await part(upload, 2, randomBytes(1_000))
    await server.client.send(new AbortMultipartUploadCommand(upload))
    expect(await server.files()).toEqual(before)
    const parts = server.client.send(new ListPartsCommand(upload))
    await expect(parts).rejects.toMatchObject({ name: 'NoSuchUpload' })
    const again = server.client.send(new AbortMultipartUploadCommand(upload))
    await expect(again).rejects.toMatchObject({ name: 'NoSuchUpload' })
    await expect(part(upload, 3, randomBytes(10))).rejects.toMatchObject({ name: 'NoSuchUpload' })
    expect(await server.files()).toEqual(before)
  })

  test('that is completed and aborted by many at once ends once', async () => {
    const upload = await begin('contested')
    const parts = [await part(upload, 1, randomBytes(1_000))]
    const results = await Promise.allSettled([
      ...Array.from({ length: 10 }, () => complete(upload, parts)),
      ...Array.from({ length: 10 }, () =>
        server.client.send(new AbortMultipartUploadCommand(upload)),
      ),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const completed = results.slice(0, 10).some(({ status }) => status === 'fulfilled')
    expect((await server.s3.keys(Bucket)).includes('contested')).toBe(completed)
    if (completed) expect((await read('contested')).length).toBe(1_000)
  })

  test('of 100 racing completions with If-None-Match: * one wins', async () => {
    const uploads = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const upload = await begin('race')
        return { upload, parts: [await part(upload, 1, randomBytes(10))] }
      }),
    )
    const results = await Promise.allSettled(
      uploads.map(({ upload, parts }) => complete(upload, parts, { IfNoneMatch: '*' })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await server.s3.uploads(Bucket)).toHaveLength(99)
    for (const { upload } of uploads) {
      await server.client.send(new AbortMultipartUploadCommand(upload)).catch(() => {})
    }
  })
})

describe('multipart checksums', () => {
  test.each([
    ['CRC32', 'COMPOSITE'],
    ['CRC32C', 'COMPOSITE'],
    ['SHA1', 'COMPOSITE'],
    ['SHA256', 'COMPOSITE'],
    ['CRC32', 'FULL_OBJECT'],
    ['CRC32C', 'FULL_OBJECT'],
    ['CRC64NVME', 'FULL_OBJECT'],
  ] as const)('%s as %s covers the object as S3 says', async (ChecksumAlgorithm, ChecksumType) => {
    const Key = `sum-${ChecksumAlgorithm}-${ChecksumType}`
    const body = randomBytes(2_500)
    const upload = await begin(Key, { ChecksumAlgorithm, ChecksumType })
    const parts = [
      await part(upload, 1, body.subarray(0, 1_200), ChecksumAlgorithm),
      await part(upload, 2, body.subarray(1_200), ChecksumAlgorithm),
    ]
    const name = `Checksum${ChecksumAlgorithm}` as 'ChecksumCRC32'
    const whole = await server.client.send(
      new PutObjectCommand({ Bucket, Key: 'reference', Body: body, ChecksumAlgorithm }),
    )
    const done = await complete(upload, parts)
    expect(done.ChecksumType).toBe(ChecksumType)
    if (ChecksumType === 'FULL_OBJECT') expect(done[name]).toBe(whole[name])
    else expect(done[name]).toMatch(/^[\w+/]+=*-2$/)
    expect((await read(Key)).equals(body)).toBe(true)
  })

  test('a full-object checksum that does not fit is BadDigest', async () => {
    const upload = await begin('sum-wrong', {
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    })
    const parts = [await part(upload, 1, randomBytes(1_000), 'CRC32')]
    const ChecksumCRC32 = 'AAAAAA=='
    await expect(complete(upload, parts, { ChecksumCRC32 })).rejects.toMatchObject({
      name: 'BadDigest',
    })
    await complete(upload, parts, { ChecksumCRC32: parts[0]!.ChecksumCRC32 })
  })

  test('a part of another algorithm, and a type that cannot be, are refused', async () => {
    const upload = await begin('sum-mixed', { ChecksumAlgorithm: 'SHA256' })
    await expect(part(upload, 1, randomBytes(10), 'CRC32')).rejects.toMatchObject({
      name: 'InvalidRequest',
    })
    const impossible = { ChecksumAlgorithm: 'SHA1', ChecksumType: 'FULL_OBJECT' } as const
    await expect(begin('sum-impossible', impossible)).rejects.toMatchObject({
      name: 'InvalidRequest',
    })
    await server.client.send(new AbortMultipartUploadCommand(upload))
  })

  test('a composite upload needs the checksum of each part to complete', async () => {
    const upload = await begin('sum-needed', { ChecksumAlgorithm: 'SHA256' })
    const { ETag } = await part(upload, 1, randomBytes(10), 'SHA256')
    await expect(complete(upload, [{ PartNumber: 1, ETag }])).rejects.toMatchObject({
      name: 'InvalidRequest',
    })
    await server.client.send(new AbortMultipartUploadCommand(upload))
  })
})

describe('listing', () => {
  test('ListParts gives pages', async () => {
    const upload = await begin('paged')
    for (const number of [1, 2, 3, 5, 8]) await part(upload, number, randomBytes(number))
    const numbers: (number | undefined)[][] = []
    let marker: string | undefined
    do {
      const page = await server.client.send(
        new ListPartsCommand({ ...upload, MaxParts: 2, PartNumberMarker: marker }),
      )
      numbers.push((page.Parts ?? []).map(({ PartNumber }) => PartNumber))
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    expect(numbers).toEqual([[1, 2], [3, 5], [8]])
    await server.client.send(new AbortMultipartUploadCommand(upload))
  })

  test('ListMultipartUploads narrows by prefix and gives pages', async () => {
    const begun: Begun[] = []
    for (const key of ['l/b', 'l/a', 'l/a', 'm']) begun.push(await begin(key))
    const seen: (string | undefined)[] = []
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
    for (;;) {
      const page = await server.client.send(
        new ListMultipartUploadsCommand({ Bucket, Prefix: 'l/', MaxUploads: 2, ...markers }),
      )
      seen.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId))
      if (page.IsTruncated !== true) break
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    }
    expect(seen.length).toBe(3)
    expect(new Set(seen)).toEqual(new Set(begun.slice(0, 3).map(({ UploadId }) => UploadId)))
    for (const upload of begun) await server.client.send(new AbortMultipartUploadCommand(upload))
  })
})

describe('UploadPartCopy', () => {
  test('copies a range of another object into a part', async () => {
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: '0123456789' }))
    const upload = await begin('copied-part')
    const copy = (CopySourceRange: string) =>
      server.client.send(
        new UploadPartCopyCommand({
          ...upload,
          PartNumber: 1,
          CopySource: 'plans/source',
          CopySourceRange,
        }),
      )
    const { CopyPartResult } = await copy('bytes=2-5')
    await expect(copy('bytes=2-10')).rejects.toMatchObject({ name: 'InvalidArgument' })
    await expect(copy('bytes=-3')).rejects.toMatchObject({ name: 'InvalidArgument' })
    await complete(upload, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }])
    expect((await read('copied-part')).toString()).toBe('2345')
  })
})

test('CopyObject of a multipart object has the ETag of one piece', async () => {
  const upload = await begin('many')
  const body = randomBytes(1_500)
  await complete(upload, [await part(upload, 1, body)])
  await server.client.send(new CopyObjectCommand({ Bucket, Key: 'one', CopySource: 'plans/many' }))
  const head = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'one' }))
  expect(head.ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`)
})
