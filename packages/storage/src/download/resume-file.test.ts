import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, watch, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DownloadOptions } from './download.ts'
import type { Storage } from '../storage.ts'
import { patterned, startTestStore, type TestStore } from '../../test/store.ts'

const MIB = 1_024 ** 2
const body = patterned(6 * MIB + 1)

let store: TestStore
let folder: string
let path: string
beforeAll(async () => {
  store = await startTestStore()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
  path = join(folder, '支援計画書.pdf')
})
afterEach(async () => {
  store.proxy.clear()
  await rm(folder, { recursive: true })
})
afterAll(() => store[Symbol.asyncDispose]())

/** What is in the folder beside the file. */
async function partials(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.part'))
}

/** Begins a download that breaks off, and has it have come so far. */
async function broken(
  storage: Storage,
  kept: Uint8Array,
  options?: DownloadOptions,
): Promise<void> {
  const object = await storage.download('key', options)
  store.proxy.set({ halfOpen: true })
  const saving = withTimeout(100, () => object.saveTo(path, { resume: true }))
  await expect(saving).rejects.toBeInstanceOf(TimeoutError)
  store.proxy.clear()
  store.proxy.reset()
  const [name = ''] = await partials()
  await writeFile(join(folder, name), kept)
}

async function resume(storage: Storage, options?: DownloadOptions): Promise<Buffer> {
  const object = await storage.download('key', options)
  await object.saveTo(path, { resume: true })
  expect(await readdir(folder)).toEqual(['支援計画書.pdf'])
  return await readFile(path)
}

describe('a download to a file that may be resumed', () => {
  test('goes on in another process when its own was killed', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    store.proxy.set({ bytesPerSecond: 4 * MIB })
    const endpoint = new URL(store.proxy.url(store.config.endpoint)).origin
    const program = join(import.meta.dirname, '../../test/download-child.ts')
    const child = spawn(process.execPath, [program, endpoint, storage.bucket, path], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const gone = once(child, 'exit')
    let size = 0
    for await (const { filename } of watch(folder)) {
      size = (await stat(join(folder, filename ?? ''))).size
      if (size < MIB) continue
      child.kill('SIGKILL')
      break
    }
    expect(await gone).toEqual([null, 'SIGKILL'])
    store.proxy.clear()
    const [name = ''] = await partials()
    const { size: kept } = await stat(join(folder, name))
    expect(kept).toBeGreaterThanOrEqual(MIB)
    expect(kept).toBeLessThan(body.byteLength)
    const object = await storage.download('key', { verify: 'required' })
    await object.saveTo(path, { resume: true })
    expect(Buffer.compare(await readFile(path), body)).toBe(0)
    expect(await partials()).toEqual([])
  })

  const ways: readonly (readonly [string, DownloadOptions, number])[] = [
    ['in one piece', {}, 0],
    ['several ranges at once', { parallel: 3 }, 0],
    ['of a range', { range: { start: 1_000, end: 4 * MIB } }, 1_000],
    ['of a range, several at once', { range: { start: 1_000 }, parallel: 2 }, 1_000],
  ]
  test.each(ways)('takes only what is missing, %s', async (_, how, start) => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    const wanted = body.subarray(start, (how.range?.end ?? body.byteLength) + 1)
    const marked = Buffer.from(wanted.subarray(0, 2 * MIB)).fill('kept', 0, 4)
    const options = { ...how, verify: false }
    await broken(storage, marked, options)
    const saved = await resume(storage, options)
    expect(saved.subarray(0, 4).toString()).toBe('kept')
    expect(Buffer.compare(saved.subarray(4), wanted.subarray(4))).toBe(0)
  })

  test('holds what was kept against the checksum too, and does not keep what is wrong', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    await writeFile(path, 'before')
    await broken(storage, Buffer.alloc(MIB, 1))
    const object = await storage.download('key')
    const saving = object.saveTo(path, { resume: true })
    await expect(saving).rejects.toMatchObject({ code: 'checksum_mismatch' })
    expect(await readFile(path, 'utf8')).toBe('before')
    expect(await readdir(folder)).toEqual(['支援計画書.pdf'])
    expect(Buffer.compare(await resume(storage), body)).toBe(0)
  })

  test('begins anew when the object is another version, and removes what is left of the old', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    await broken(storage, body.subarray(0, MIB))
    await storage.upload('key', 'new')
    expect((await resume(storage)).toString()).toBe('new')
  })

  test('needs no more bytes when all had come, and none that are too many', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    await broken(storage, body)
    expect(Buffer.compare(await resume(storage), body)).toBe(0)
    await broken(storage, Buffer.concat([body, body]))
    expect(Buffer.compare(await resume(storage), body)).toBe(0)
    await storage.upload('key', '')
    expect(await resume(storage)).toHaveLength(0)
  })

  test('goes on with the rest when its connection is lost as well', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', body)
    await broken(storage, body.subarray(0, MIB))
    store.proxy.set({ resetAfterBytes: { toClient: 2 * MIB } })
    expect(Buffer.compare(await resume(storage), body)).toBe(0)
  })

  test('has a name that file systems take, however long that of the file is', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', 'text')
    for (const name of ['書'.repeat(84), '🌸'.repeat(60)]) {
      const long = join(folder, name)
      for (const resume of [true, false]) {
        await (await storage.download('key')).saveTo(long, { resume })
        expect(await readFile(long, 'utf8')).toBe('text')
      }
    }
  })

  test('is asked for with a boolean', async () => {
    await using storage = await store.faulty()
    await storage.upload('key', 'text')
    await using object = await storage.download('key')
    await expect(object.saveTo(path, { resume: 'yes' as never })).rejects.toThrow(TypeError)
    expect(await readdir(folder)).toEqual([])
  })
})
