import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { expect, test } from 'vitest'
import { startS3 } from './server.ts'

test('the SDK puts, gets, heads and presigns over a folder', async () => {
  const dir = await mkdtemp(join(tmpdir(), 's3-'))
  const s3 = await startS3({ dir, buckets: ['plans'] })
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  })
  await client.send(new PutObjectCommand({ Bucket: 'plans', Key: 'a/../b//c.', Body: 'hello' }))
  await client.send(
    new PutObjectCommand({
      Bucket: 'plans',
      Key: '支援😀',
      Body: Readable.from([Buffer.alloc(10_000, 1), Buffer.alloc(100, 2)]),
      ContentLength: 10_100,
    }),
  )
  const got = await client.send(new GetObjectCommand({ Bucket: 'plans', Key: 'a/../b//c.' }))
  expect(await got.Body!.transformToString()).toBe('hello')
  const head = await client.send(new HeadObjectCommand({ Bucket: 'plans', Key: '支援😀' }))
  expect(head.ContentLength).toBe(10_100)
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'plans', Key: '支援😀' }))
  expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(10_100)
  client.destroy()
  await s3.close()
  await rm(dir, { recursive: true })
})
