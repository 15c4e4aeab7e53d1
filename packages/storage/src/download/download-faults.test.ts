import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { startScriptedServer } from '@yuzuru/http/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import { patterned, startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterEach(() => store.proxy.clear())
afterAll(() => store[Symbol.asyncDispose]())

const MIB = 1_024 ** 2
const body = patterned(3 * MIB)

describe('a download', () => {
  test('goes on where it stopped when the connection is lost', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    const before = store.s3.requests['GetObject'] ?? 0
    store.proxy.set({ resetAfterBytes: { toClient: MIB } })
    const object = await storage.download('key', { verify: 'required' })
    expect(Buffer.compare(await object.bytes(), body)).toBe(0)
    expect((store.s3.requests['GetObject'] ?? 0) - before).toBeGreaterThan(2)
  })

  test('of a range goes on within the range', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    store.proxy.set({ resetAfterBytes: { toClient: MIB } })
    const range = { start: 1_000, end: 2 * MIB }
    const object = await storage.download('key', { range })
    expect(Buffer.compare(await object.bytes(), body.subarray(1_000, 2 * MIB + 1))).toBe(0)
  })

  test('in several ranges at once goes on in each of them where it stopped', async () => {
    await using storage = await store.faulty()
    const large = patterned(11 * MIB)
    await storage.upload('key', large)
    const before = store.s3.requests['GetObject'] ?? 0
    store.proxy.set({ resetAfterBytes: { toClient: 3 * MIB } })
    const object = await storage.download('key', { parallel: 2, verify: 'required' })
    expect(Buffer.compare(await object.bytes(), large)).toBe(0)
    expect((store.s3.requests['GetObject'] ?? 0) - before).toBeGreaterThan(4)
  })

  test('never joins two versions of an object', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    store.proxy.set({ resetAfterBytes: { toClient: MIB } })
    const object = await storage.download('key')
    const reading = (async () => {
      let first = true
      for await (const _ of object.body) {
        if (!first) continue
        first = false
        store.proxy.clear()
        await storage.upload('key', patterned(3 * MIB + 4).subarray(4))
        store.proxy.reset()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'precondition_failed' })
  })

  test('gives up when it does not get on', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    await storage.upload('key', body)
    const object = await storage.download('key')
    store.proxy.set({ refuse: true })
    store.proxy.reset()
    await expect(object.bytes()).rejects.toMatchObject({
      name: 'StorageError',
      code: 'connection_failed',
      retryable: true,
      outcome: 'none',
    })
  })

  test('ends with the scope of whoever reads it', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    const object = await storage.download('key')
    store.proxy.set({ halfOpen: true })
    await expect(withTimeout(100, () => object.bytes())).rejects.toBeInstanceOf(TimeoutError)
  })

  test('leaves a file as it was when it fails', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    await storage.upload('key', body)
    const folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
    try {
      const path = join(folder, 'plan.pdf')
      await writeFile(path, 'before')
      const object = await storage.download('key')
      store.proxy.set({ halfOpen: true })
      const saving = withTimeout(100, () => object.saveTo(path))
      await expect(saving).rejects.toBeInstanceOf(TimeoutError)
      expect(await readFile(path, 'utf8')).toBe('before')
      expect(await readdir(folder)).toEqual(['plan.pdf'])
      store.proxy.clear()
      const again = await storage.download('key')
      await expect(again.saveTo(join(folder, 'no', 'such'))).rejects.toThrow(/ENOENT/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('is not complete when the bytes do not have the checksum of the object', async () => {
    await using server = await startScriptedServer()
    const etag = '"0123456789abcdef0123456789abcdef"'
    const headers = { etag, 'x-amz-checksum-crc32': 'AAAAAA==' }
    server.reply({ headers: { ...headers, 'content-length': '4' }, body: 'text' })
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    const object = await storage.download('key')
    await expect(object.text()).rejects.toMatchObject({ code: 'checksum_mismatch' })
  })

  test('takes nothing but the very range that it asked for', async () => {
    await using server = await startScriptedServer()
    const headers = { etag: '"e"', 'content-range': 'bytes 0-3/10' }
    server.reply({ status: 206, headers, body: 'text' }, { headers: { etag: '"e"' }, body: 'text' })
    await using storage = createStorage({ ...store.config, endpoint: server.url, bucket: 'b' })
    for (let index = 0; index < 2; index += 1) {
      const download = storage.download('key', { range: { start: 1, end: 3 } })
      await expect(download).rejects.toMatchObject({ code: 'unexpected' })
    }
  })

  test('frees its connection when it is not read', async () => {
    await using storage = await store.faulty({ connections: 1 })
    await storage.upload('key', body)
    for (let index = 0; index < 3; index += 1) {
      await using object = await storage.download('key')
      expect(object.info.bytes).toBe(body.byteLength)
    }
    expect(await storage.exists('key')).toBe(true)
  })

  test('is taken once, and not into more memory than was allowed', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', 'text')
    const object = await storage.download('key')
    await expect(object.text({ maxBytes: 3 })).rejects.toMatchObject({ code: 'too_large' })
    await expect(object.text()).rejects.toBeInstanceOf(TypeError)
  })
})
