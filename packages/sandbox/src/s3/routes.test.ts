import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendRaw, signHeaders, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ region: 'ap-northeast-1' })
})
afterAll(() => server[Symbol.asyncDispose]())

describe('buckets', () => {
  test('are created, found, located and deleted when empty', async () => {
    const Bucket = 'office-tokyo-1'
    await server.client.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: 'ap-northeast-1' },
      }),
    )
    const again = server.client.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: 'ap-northeast-1' },
      }),
    )
    await expect(again).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' })
    const head = await server.client.send(new HeadBucketCommand({ Bucket }))
    expect(head.BucketRegion).toBe('ap-northeast-1')
    const location = await server.client.send(new GetBucketLocationCommand({ Bucket }))
    expect(location.LocationConstraint).toBe('ap-northeast-1')
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '' }))
    await expect(server.client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    })
    await server.client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
    await server.client.send(new DeleteBucketCommand({ Bucket }))
    await expect(server.client.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NotFound',
    })
  })

  test.each(['UPPER', 'a', '..', '-a-', '127.0.0.1', 'a..b', 'x'.repeat(64)])(
    '%o is not a bucket name',
    async (name) => {
      const answer = await server.send({ method: 'PUT', path: `/${name}` })
      expect([answer.status, answer.code]).toEqual([400, 'InvalidBucketName'])
    },
  )

  test('are addressed by host too', async () => {
    const headers = { host: `plans.localhost:${server.s3.port}` }
    const put = { method: 'PUT', path: '/hosted', headers, body: 'x' }
    const signed = { ...signHeaders(server.s3, put), 'content-length': '1' }
    const answer = await sendRaw(server.s3.port, { ...put, headers: signed })
    expect(answer.status).toBe(200)
    expect(await server.s3.keys('plans')).toContain('hosted')
  })
})

describe('what is not built', () => {
  test.each([
    ['GET', '/plans?versioning'],
    ['PUT', '/plans?lifecycle'],
    ['GET', '/plans?versions'],
    ['GET', '/plans/key?versionId=1'],
    ['PUT', '/plans?tagging'],
    ['GET', '/plans/key?attributes'],
    ['POST', '/plans/key?restore'],
  ])('%s %s answers NotImplemented', async (method, path) => {
    const answer = await server.send({ method, path })
    expect([answer.status, answer.code]).toEqual([501, 'NotImplemented'])
    expect(answer.headers['content-type']).toBe('application/xml')
  })

  test('a method that means nothing here answers MethodNotAllowed', async () => {
    const answer = await server.send({ method: 'PATCH', path: '/plans/key' })
    expect([answer.status, answer.code]).toEqual([405, 'MethodNotAllowed'])
  })
})

test('counts the operations that were asked for', async () => {
  await using own = await startTestServer()
  await own.client.send(new PutObjectCommand({ Bucket: 'plans', Key: 'a', Body: '' }))
  await own.send({ sign: { secretAccessKey: 'guess' } })
  expect(own.s3.requests).toEqual({ PutObject: 1 })
})
