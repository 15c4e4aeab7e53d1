import { createHash } from 'node:crypto'
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from './test-server.ts'

const Bucket = 'plans'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ buckets: ['plans', 'archive'] })
  await server.client.send(
    new PutObjectCommand({
      Bucket,
      Key: 'a b/支援+?.pdf',
      Body: 'content',
      ContentType: 'application/pdf',
      Metadata: { office: '1' },
      Tagging: 'kind=plan',
    }),
  )
})
afterAll(() => server[Symbol.asyncDispose]())

const CopySource = `/plans/${encodeURIComponent('a b/支援+?.pdf')}`
const copy = (more: Partial<CopyObjectCommandInput> = {}) =>
  server.client.send(new CopyObjectCommand({ Bucket: 'archive', Key: 'copy', CopySource, ...more }))

describe('CopyObject', () => {
  test('copies bytes, headers and tags to another bucket', async () => {
    await copy()
    const got = await server.client.send(new GetObjectCommand({ Bucket: 'archive', Key: 'copy' }))
    expect(await got.Body!.transformToString()).toBe('content')
    expect(got).toMatchObject({ ContentType: 'application/pdf', Metadata: { office: '1' } })
    const tags = await server.client.send(
      new GetObjectTaggingCommand({ Bucket: 'archive', Key: 'copy' }),
    )
    expect(tags.TagSet).toEqual([{ Key: 'kind', Value: 'plan' }])
  })

  test('REPLACE takes the headers of the request, and a new checksum where one is asked for', async () => {
    const done = await copy({
      Key: 'replaced',
      MetadataDirective: 'REPLACE',
      ContentType: 'text/plain',
      TaggingDirective: 'REPLACE',
      ChecksumAlgorithm: 'SHA256',
    })
    expect(done.CopyObjectResult?.ChecksumSHA256).toBeTypeOf('string')
    const got = await server.client.send(
      new GetObjectCommand({ Bucket: 'archive', Key: 'replaced' }),
    )
    await got.Body!.transformToString()
    expect([got.ContentType, got.Metadata, got.TagCount]).toEqual(['text/plain', {}, undefined])
  })

  test('conditions on the source and on the target hold', async () => {
    await copy({ Key: 'there' })
    for (const condition of [
      { CopySourceIfMatch: '"other"' },
      { CopySourceIfNoneMatch: '*' },
      { CopySourceIfModifiedSince: new Date('2100-01-01') },
      { IfNoneMatch: '*' },
    ]) {
      await expect(copy({ Key: 'there', ...condition })).rejects.toMatchObject({
        name: 'PreconditionFailed',
      })
    }
  })

  test('refuses itself unchanged, a missing source and a malformed one', async () => {
    const itself = { Bucket, Key: 'a b/支援+?.pdf' }
    await expect(copy(itself)).rejects.toMatchObject({ name: 'InvalidRequest' })
    await expect(copy({ CopySource: 'plans/none' })).rejects.toMatchObject({ name: 'NoSuchKey' })
    await expect(copy({ CopySource: 'plans' })).rejects.toMatchObject({ name: 'InvalidArgument' })
  })
})

describe('DeleteObjects', () => {
  test('deletes what is there and what is not, and lists each', async () => {
    const keys = ['x', 'y<&>', 'missing']
    for (const Key of keys.slice(0, 2)) {
      await server.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
    }
    const Objects = keys.map((Key) => ({ Key }))
    const done = await server.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(done.Deleted?.map(({ Key }) => Key)).toEqual(keys)
    const quiet = { Objects, Quiet: true }
    const silent = await server.client.send(new DeleteObjectsCommand({ Bucket, Delete: quiet }))
    expect(silent.Deleted).toBeUndefined()
    expect(await server.s3.keys(Bucket)).toEqual(['a b/支援+?.pdf'])
  })

  test.each([
    ['<Delete></Delete>', 'MalformedXML'],
    ['<Delete><Object></Object></Delete>', 'MalformedXML'],
    ['<Delete><Object><Key>a', 'MalformedXML'],
    [`<Delete>${'<Object><Key>a</Key></Object>'.repeat(1_001)}</Delete>`, 'MalformedXML'],
  ])('%o is %s', async (body, code) => {
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
    const answer = await server.send({ method: 'POST', path: '/plans?delete', headers, body })
    expect([answer.status, answer.code]).toEqual([400, code])
  })

  test('demands a checksum of the list', async () => {
    const body = '<Delete><Object><Key>a</Key></Object></Delete>'
    const answer = await server.send({ method: 'POST', path: '/plans?delete', body })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidRequest'])
  })
})
