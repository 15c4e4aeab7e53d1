import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Cancelled, cancelScope } from '@yuzuru/concurrency'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storageOver } from '../bucket-storage.ts'
import type { ChecksumAlgorithm } from '../store/checksum.ts'
import { MemoryBackend } from '../testing/memory-backend.ts'
import type { GetInit, Incoming } from '../store/object-backend.ts'
import type { Storage } from '../storage.ts'
import { patterned } from '../../test/store.ts'

const PART = 1_000

/** A store in memory whose answers to GET can be tampered with. */
class Tampered extends MemoryBackend {
  /** The first byte of each range that was asked for. */
  readonly asked: number[] = []
  tamper: (incoming: Incoming, start: number, signal: AbortSignal) => Promise<Incoming> | Incoming =
    (incoming) => incoming

  override async get(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming> {
    const start = init.range?.start ?? 0
    this.asked.push(start)
    return await this.tamper(await super.get(key, init, signal), start, signal)
  }
}

async function stored(
  size: number,
  algorithm: ChecksumAlgorithm = 'CRC32',
): Promise<{ backend: Tampered; storage: Storage; body: Buffer }> {
  const backend = new Tampered('plans')
  const common = { backend, parallel: 4, algorithm }
  const body = patterned(size)
  await storageOver({ ...common, partBytes: 8 * 1_024 ** 2 }).upload('key', body)
  return { backend, storage: storageOver({ ...common, partBytes: PART }), body }
}

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuzuru-parallel-'))
  path = join(folder, 'out')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The ways to take a download. */
const ways = {
  body: async (storage: Storage, parallel: number) =>
    Buffer.concat(await Array.fromAsync((await storage.download('key', { parallel })).body)),
  bytes: async (storage: Storage, parallel: number) =>
    await (await storage.download('key', { parallel })).bytes(),
  saveTo: async (storage: Storage, parallel: number) => {
    await (await storage.download('key', { parallel })).saveTo(path)
    return await readFile(path)
  },
}
const eachWay = Object.entries(ways)

describe('a download of several ranges at once', () => {
  test.each(eachWay)('is the object, wherever it is cut: %s', async (_, take) => {
    for (const algorithm of ['CRC32', 'CRC64NVME', 'MD5'] as const) {
      for (const size of [0, 1, PART - 1, PART, PART + 1, 7 * PART, 7 * PART + 1]) {
        const { storage, body } = await stored(size, algorithm)
        for (const parallel of [2, 5]) {
          expect(Buffer.compare(await take(storage, parallel), body)).toBe(0)
        }
      }
    }
  })

  test.each(eachWay)('has the bytes in order though they do not come so: %s', async (_, take) => {
    const { backend, storage, body } = await stored(5 * PART)
    const third = Promise.withResolvers<void>()
    backend.tamper = async (incoming, start) => {
      if (start === 0) await third.promise
      if (start === 2 * PART) third.resolve()
      return incoming
    }
    expect(Buffer.compare(await take(storage, 3), body)).toBe(0)
  })

  test('asks for no more than there is room for while nobody reads on', async () => {
    const { backend, storage, body } = await stored(12 * PART)
    const download = await storage.download('key', { parallel: 3 })
    expect(backend.asked).toEqual([])
    const iterator = download.body[Symbol.asyncIterator]()
    const pieces = [(await iterator.next()).value as Uint8Array]
    for (let turn = 0; turn < 50; turn += 1) await setImmediate()
    expect(backend.asked.length).toBeLessThanOrEqual(4)
    for await (const piece of { [Symbol.asyncIterator]: () => iterator }) pieces.push(piece)
    expect(Buffer.compare(Buffer.concat(pieces), body)).toBe(0)
    expect(backend.asked).toHaveLength(12)
  })

  test('may be of a range itself', async () => {
    const { backend, storage, body } = await stored(5 * PART)
    const range = { start: 500, end: 3 * PART }
    const download = await storage.download('key', { parallel: 2, range })
    expect(download.bytesExpected).toBe(2_501)
    expect(Buffer.compare(await download.bytes(), body.subarray(500, 3 * PART + 1))).toBe(0)
    expect(backend.asked).toEqual([500, 1_500, 2_500])
    const behind = storage.download('key', { parallel: 2, range: { start: 5 * PART } })
    await expect(behind).rejects.toMatchObject({ code: 'range_not_satisfiable' })
    const empty = (await stored(0)).storage.download('key', { parallel: 2, range: { start: 0 } })
    await expect(empty).rejects.toMatchObject({ code: 'range_not_satisfiable' })
  })

  test.each(eachWay)('never joins two versions of an object: %s', async (_, take) => {
    const { backend, storage } = await stored(5 * PART)
    let changed = false
    backend.tamper = async (incoming) => {
      if (!changed) {
        changed = true
        const other = storageOver({ backend, parallel: 1, partBytes: 10 * PART, algorithm: 'MD5' })
        await other.upload('key', Buffer.alloc(5 * PART))
      }
      return incoming
    }
    await expect(take(storage, 2)).rejects.toMatchObject({ code: 'precondition_failed' })
  })

  test('begins only with the version that is asked for', async () => {
    const { storage } = await stored(5 * PART)
    const { etag } = await storage.head('key')
    const right = await storage.download('key', { parallel: 2, ifMatch: `"${etag}"` })
    expect(await right.bytes()).toHaveLength(5 * PART)
    const wrong = storage.download('key', { parallel: 2, ifMatch: 'other' })
    await expect(wrong).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
  })

  const wrong = [
    ['all of it', { range: undefined }],
    ['another range', { range: { start: PART + 1, end: 2 * PART, total: 5 * PART } }],
    ['a shorter range', { range: { start: PART, end: PART + 1, total: 5 * PART } }],
    ['another total', { range: { start: PART, end: 2 * PART - 1, total: 4 * PART } }],
  ] as const
  test.each(wrong)('takes nothing but the ranges that it asked for: %s', async (_, answer) => {
    const { backend, storage } = await stored(5 * PART)
    backend.tamper = (incoming, start) => (start === PART ? { ...incoming, ...answer } : incoming)
    for (const take of Object.values(ways)) {
      await expect(take(storage, 2)).rejects.toMatchObject({ code: 'unexpected' })
    }
  })

  test.each(['CRC32', 'MD5'] as const)(
    'is not complete when the bytes do not have the checksum: %s',
    async (algorithm) => {
      const { backend, storage } = await stored(5 * PART, algorithm)
      backend.tamper = (incoming, start) =>
        start === PART ? { ...incoming, body: oneByteOff(incoming.body) } : incoming
      await writeFile(path, 'before')
      for (const take of Object.values(ways)) {
        await expect(take(storage, 3)).rejects.toMatchObject({ code: 'checksum_mismatch' })
      }
      expect(await readFile(path, 'utf8')).toBe('before')
      expect(await readdir(folder)).toEqual(['out'])
      const unverified = await storage.download('key', { parallel: 3, verify: false })
      expect(await unverified.bytes()).toHaveLength(5 * PART)
    },
  )

  test.each(eachWay)('ends all its ranges with the scope around it: %s', async (_, take) => {
    const { backend, storage } = await stored(9 * PART)
    let underWay = 0
    let ended = 0
    await cancelScope(async (scope) => {
      backend.tamper = async (_incoming, _start, signal) => {
        const aborted = once(signal, 'abort')
        underWay += 1
        if (underWay === 3) scope.cancel()
        await aborted
        ended += 1
        throw signal.reason
      }
      await expect(take(storage, 3)).rejects.toBeInstanceOf(Cancelled)
    })
    expect(ended).toBe(3)
    expect(backend.asked).toHaveLength(3)
  })

  test('is asked for with a number of ranges that is one', async () => {
    const { storage } = await stored(1)
    for (const parallel of [0, 65, 1.5, Number.NaN, '2' as never]) {
      await expect(storage.download('key', { parallel })).rejects.toThrow(TypeError)
    }
  })
})

async function* oneByteOff(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    const copy = Buffer.from(chunk)
    copy[0] = (copy[0] ?? 0) ^ 1
    yield copy
  }
}
