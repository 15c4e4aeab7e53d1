import { createHash } from 'node:crypto'
import { chmod, lstat, mkdtemp, mkdtempDisposable, readdir, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import { startS3 } from './server.ts'
import { liveBufferBytes, sendRaw, signHeaders, startTestServer } from './test-server.ts'

const Bucket = 'plans'

describe('startS3', () => {
  test('keeps its data over a restart on the same folder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'yuzuru-s3-'))
    const path = '/plans/kept'
    {
      await using s3 = await startS3({ dir, buckets: [Bucket] })
      const headers = {
        ...signHeaders(s3, { method: 'PUT', path, body: 'x' }),
        'content-length': '1',
      }
      await sendRaw(s3.port, { method: 'PUT', path, headers, body: 'x' })
    }
    {
      await using s3 = await startS3({ dir, buckets: [Bucket] })
      const answer = await sendRaw(s3.port, {
        method: 'GET',
        path,
        headers: signHeaders(s3, { path }),
      })
      expect([answer.status, answer.text]).toEqual([200, 'x'])
    }
    await rm(dir, { recursive: true })
  })

  test('keeps what it stores from other users, in a folder that they can enter', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-s3-'))
    await chmod(folder.path, 0o755)
    await using s3 = await startS3({ dir: folder.path, buckets: [Bucket] })
    const path = '/plans/private'
    const headers = {
      ...signHeaders(s3, { method: 'PUT', path, body: 'x' }),
      'content-length': '1',
    }
    await sendRaw(s3.port, { method: 'PUT', path, headers, body: 'x' })
    const names = await readdir(folder.path, { recursive: true })
    expect(names.length).toBeGreaterThan(3)
    const modes = await Promise.all(names.map((name) => lstat(join(folder.path, name))))
    expect(names.filter((_, at) => ((modes[at]?.mode ?? 0) & 0o077) !== 0)).toEqual([])
  })

  test('serves the JavaScript SDK: a stream in, a presigned URL out', async () => {
    await using server = await startTestServer()
    const blocks = Array.from({ length: 20 }, (_, index) => Buffer.alloc(65_536, index))
    const Key = '支援計画書（令和８年度）.pdf'
    const Body = Readable.from(blocks)
    const ContentLength = 20 * 65_536
    await server.client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength }))
    const url = await getSignedUrl(server.client, new GetObjectCommand({ Bucket, Key }))
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
    expect(bytes.equals(Buffer.concat(blocks))).toBe(true)
  })

  test('streams 64 MiB in and out in less than 4 MiB of buffers', async () => {
    await using server = await startTestServer()
    const total = 64
    const sent = createHash('sha256')
    let peak = 0
    const before = liveBufferBytes()
    let passed = 0
    const measure = (chunk: Buffer): void => {
      const step = 8 * 1_024 * 1_024
      const due = Math.floor((passed + chunk.length) / step) > Math.floor(passed / step)
      passed += chunk.length
      if (due) peak = Math.max(peak, liveBufferBytes() - before)
    }
    function* source(): Generator<Buffer, void, undefined> {
      for (let index = 0; index < total * 4; index += 1) {
        const chunk = Buffer.alloc(256 * 1_024, index)
        sent.update(chunk)
        measure(chunk)
        yield chunk
      }
    }
    const open = async (
      method: string,
      body: Iterable<Buffer>,
      more: Record<string, string>,
    ): Promise<IncomingMessage> => {
      const path = '/plans/big'
      const raw = { method, path, payloadHash: 'UNSIGNED-PAYLOAD' }
      const headers = { ...signHeaders(server.s3, raw), ...more }
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
      const options = { host: '127.0.0.1', port: server.s3.port, method, path, headers }
      const outgoing = request(options, resolve).on('error', reject)
      await pipeline(Readable.from(body), outgoing)
      return promise
    }
    const length = String(total * 1_024 * 1_024)
    const put = await open('PUT', source(), { 'content-length': length })
    expect(put.resume().statusCode).toBe(200)
    const received = createHash('sha256')
    for await (const chunk of (await open('GET', [], {})) as AsyncIterable<Buffer>) {
      received.update(chunk)
      measure(chunk)
    }
    expect(received.digest('hex')).toBe(sent.digest('hex'))
    expect(passed).toBe(2 * total * 1_024 * 1_024)
    expect(peak).toBeLessThan(4 * 1_024 * 1_024)
  })

  test('listens on the loopback only, and refuses a path that is not a folder', async () => {
    await using server = await startTestServer()
    expect(server.s3.endpoint).toBe(`http://127.0.0.1:${server.s3.port}`)
    await expect(startS3({ dir: '' })).rejects.toThrow(TypeError)
  })

  test('close is idempotent and lets nobody in afterwards', async () => {
    await using server = await startTestServer()
    await server.s3.close()
    await server.s3.close()
    await expect(fetch(server.s3.endpoint)).rejects.toThrow()
  })
})
