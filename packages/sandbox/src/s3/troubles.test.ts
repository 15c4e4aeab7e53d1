import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Disk } from './disk.ts'
import type { TemporaryCredentials } from './temporary-credentials.ts'
import { startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
let now = Date.UTC(2026, 3, 1)
beforeAll(async () => {
  server = await startTestServer({ now: () => now, minPartSizeBytes: 1 })
})
afterEach(() => server.s3.clear())
afterAll(() => server[Symbol.asyncDispose]())

const object = { Bucket: 'plans', Key: 'key' }

function clientWith(credentials: Partial<TemporaryCredentials>): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = server.s3
  const { expiration: _, ...given } = { expiration: undefined, ...credentials }
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey, ...given },
    systemClockOffset: now - Date.now(),
    maxAttempts: 1,
  })
}

describe('temporary credentials', () => {
  test('sign requests, URLs and forms until they expire', async () => {
    const credentials = server.s3.temporaryCredentials(60_000)
    expect(credentials.expiration).toEqual(new Date(now + 60_000))
    const client = clientWith(credentials)
    await client.send(new PutObjectCommand({ ...object, Body: 'x' }))
    const signingDate = new Date(now)
    const url = await getSignedUrl(client, new GetObjectCommand(object), { signingDate })
    expect((await fetch(url)).status).toBe(200)
    now += 59_999
    expect((await fetch(url)).status).toBe(200)
    now += 1
    const late = await fetch(url)
    expect([late.status, (await late.text()).includes('<Code>ExpiredToken</Code>')]).toEqual([
      400,
      true,
    ])
    const put = client.send(new PutObjectCommand({ ...object, Body: 'y' }))
    await expect(put).rejects.toMatchObject({ name: 'ExpiredToken' })
    client.destroy()
  })

  test('that were ended are over at once, and new ones are not', async () => {
    const before = clientWith(server.s3.temporaryCredentials())
    server.s3.expireCredentials()
    const after = clientWith(server.s3.temporaryCredentials())
    const put = before.send(new PutObjectCommand({ ...object, Body: 'x' }))
    await expect(put).rejects.toMatchObject({ name: 'ExpiredToken' })
    await after.send(new PutObjectCommand({ ...object, Body: 'x' }))
    before.destroy()
    after.destroy()
  })

  test('mean nothing without their own token, and no token goes with the lasting key', async () => {
    const { accessKeyId, secretAccessKey } = server.s3.temporaryCredentials()
    const { sessionToken } = server.s3.temporaryCredentials()
    const cases = [
      [{ accessKeyId, secretAccessKey }, 'InvalidAccessKeyId'],
      [{ accessKeyId, secretAccessKey, sessionToken }, 'InvalidToken'],
      [{ sessionToken }, 'InvalidToken'],
    ] as const
    for (const [credentials, name] of cases) {
      const client = clientWith(credentials)
      const put = client.send(new PutObjectCommand({ ...object, Body: 'x' }))
      await expect(put).rejects.toMatchObject({ name })
      client.destroy()
    }
  })

  test('sign a form, which is refused when they are over', async () => {
    // The library signs forms by the clock of this machine.
    now = Date.now()
    const client = clientWith(server.s3.temporaryCredentials())
    const { url, fields } = await createPresignedPost(client, object)
    const send = async (): Promise<number> => {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) form.set(name, value)
      form.set('file', new Blob(['x']))
      return (await fetch(url, { method: 'POST', body: form })).status
    }
    expect(await send()).toBe(204)
    server.s3.expireCredentials()
    expect(await send()).toBe(400)
    client.destroy()
  })
})

describe('a full disk', () => {
  test('refuses what needs more than is free, and leaves nothing of it', async () => {
    const client = clientWith({})
    await client.send(new PutObjectCommand({ ...object, Body: 'before' }))
    const files = await server.files()
    server.s3.set({ freeBytes: 5 })
    const put = client.send(new PutObjectCommand({ ...object, Body: 'larger' }))
    await expect(put).rejects.toMatchObject({
      name: 'XMinioStorageFull',
      $metadata: { httpStatusCode: 507 },
    })
    expect(await server.files()).toEqual(files)
    const { Body } = await client.send(new GetObjectCommand(object))
    expect(await Body?.transformToString()).toBe('before')
    await client.send(new DeleteObjectCommand(object))
    server.s3.clear()
    await client.send(new PutObjectCommand({ ...object, Body: 'larger' }))
    client.destroy()
  })

  test('can become full between two parts', async () => {
    const client = clientWith({})
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
    const part = { ...object, UploadId, Body: 'part' }
    const { ETag } = await client.send(new UploadPartCommand({ ...part, PartNumber: 1 }))
    server.s3.set({ freeBytes: 0 })
    const second = client.send(new UploadPartCommand({ ...part, PartNumber: 2 }))
    await expect(second).rejects.toMatchObject({ name: 'XMinioStorageFull' })
    server.s3.clear()
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }))
    client.destroy()
  })

  test('of this machine is reported in the same words', () => {
    const disk = new Disk()
    const native = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    expect(disk.explain(native)).toMatchObject({ code: 'XMinioStorageFull', status: 507 })
    const other = new Error('other')
    expect(disk.explain(other)).toBe(other)
  })
})

test('a clock that is off refuses what is signed, with the time that it takes it to be', async () => {
  const at = now
  server.s3.set({ clockOffsetMs: 15 * 60_000 + 1_000 })
  const late = await server.send({ sign: { at } })
  expect([late.status, late.code]).toEqual([403, 'RequestTimeTooSkewed'])
  expect(late.headers.date).toBe(new Date(at + 901_000).toUTCString())
  expect(late.text).toContain(`<ServerTime>${new Date(at + 901_000).toISOString()}</ServerTime>`)
  server.s3.set({ clockOffsetMs: -60_000 })
  expect((await server.send({ sign: { at }, path: '/plans?list-type=2' })).status).toBe(200)
})

test('buckets of another region are pointed to, by GET in the body and by HEAD in a header', async () => {
  server.s3.set({ bucketRegion: 'eu-west-1' })
  const answer = await server.send({})
  expect([answer.status, answer.code]).toEqual([301, 'PermanentRedirect'])
  expect(answer.text).toContain('<Endpoint>plans.s3.eu-west-1.amazonaws.com</Endpoint>')
  expect(answer.headers['x-amz-bucket-region']).toBe('eu-west-1')
  const client = clientWith({})
  const head = client.send(new HeadObjectCommand(object))
  await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 301 } })
  client.destroy()
})

test('wrong values are refused, and change nothing', async () => {
  server.s3.set({ bucketRegion: 'eu-west-1' })
  const wrong = [{ freeBytes: -1 }, { freeBytes: Number.NaN }, { clockOffsetMs: Infinity }]
  for (const troubles of [...wrong, { bucketRegion: '' }, { freebytes: 1 } as object]) {
    expect(() => server.s3.set(troubles)).toThrow(TypeError)
  }
  expect((await server.send({})).status).toBe(301)
})
