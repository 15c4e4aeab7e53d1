import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Blobs } from './blobs.ts'
import { liveBufferBytes } from './test-server.ts'

let dir: string
let blobs: Blobs

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'yuzuru-blobs-'))
  blobs = new Blobs(dir)
})
afterAll(() => rm(dir, { recursive: true, force: true }))

describe('Blobs', () => {
  test('takes the next chunk only when the last is on disk, both ways', async () => {
    const block = randomBytes(1_024 * 1_024)
    const sums = { written: createHash('md5'), read: createHash('md5') }
    const total = 64
    let produced = 0
    let peak = 0
    let size = 0
    function* source(): Generator<Buffer, void, undefined> {
      for (; produced < total; produced += 1) {
        // Fresh memory for every chunk: kept chunks would show.
        const chunk = Buffer.from(block)
        sums.written.update(chunk)
        if (produced % 8 === 0) peak = Math.max(peak, liveBufferBytes())
        yield chunk
      }
    }
    const before = liveBufferBytes()
    const segment = await blobs.write(source())
    for await (const chunk of blobs.read([segment], 0, segment.size - 1)) {
      sums.read.update(chunk)
      size += chunk.length
      if (size % (8 * 1_024 * 1_024) === 0) peak = Math.max(peak, liveBufferBytes())
    }
    await blobs.remove([segment])
    expect(sums.read.digest('hex')).toBe(sums.written.digest('hex'))
    expect(peak - before).toBeLessThan(4 * 1_024 * 1_024)
  })

  test('reads any stretch over several segments', async () => {
    const segments = [
      await blobs.write([Buffer.from('abc')]),
      await blobs.write([]),
      await blobs.write([Buffer.from('defg')]),
    ]
    const text = 'abcdefg'
    for (let start = 0; start < text.length; start += 1) {
      for (let end = start; end < text.length; end += 1) {
        let read = ''
        for await (const chunk of blobs.read(segments, start, end)) read += chunk.toString()
        expect(read).toBe(text.slice(start, end + 1))
      }
    }
    await blobs.remove(segments)
  })

  test('a source that fails leaves no file', async () => {
    function* failing(): Generator<Buffer, void, undefined> {
      yield Buffer.from('half')
      throw new Error('cut')
    }
    await expect(blobs.write(failing())).rejects.toThrow('cut')
    expect(await readdir(dir)).toEqual([])
  })

  test('a pinned file outlives its removal until the last pin goes', async () => {
    const segment = await blobs.write([Buffer.from('x')])
    const first = blobs.pin([segment])
    const second = blobs.pin([segment])
    await blobs.remove([segment])
    await first[Symbol.asyncDispose]()
    expect(await readdir(dir)).toEqual([segment.file])
    await second[Symbol.asyncDispose]()
    expect(await readdir(dir)).toEqual([])
  })
})
