import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FileBody } from './file-body.ts'
import { PartBuffers } from '../store/part-buffers.ts'
import { PartReader } from './part-reader.ts'
import { openBody } from './upload-body.ts'

const subject = { operation: 'upload', key: 'key' }
const { signal } = new AbortController()
const bytes = randomBytes(3_000_000)

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuzuru-parts-'))
  path = join(folder, 'file')
  await writeFile(path, bytes)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function partsOf(reader: PartReader, size: number): Promise<Buffer[]> {
  const parts: Buffer[] = []
  while (!(await reader.atEnd(signal))) {
    const seen: Buffer[] = []
    const part = await reader.next(size, signal, (piece) => seen.push(Buffer.from(piece)))
    // Whoever hashes the pieces hashes the part, and nobody waits for long.
    expect(Buffer.concat(seen).equals(part)).toBe(true)
    expect(Math.max(...seen.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(1_024 ** 2)
    parts.push(Buffer.from(part))
  }
  reader.close(undefined)
  return parts
}

describe('parts', () => {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.byteLength; at += 70_001) yield bytes.subarray(at, at + 70_001)
  }

  test.each([
    ['a file', () => ({ path })],
    ['bytes', () => bytes],
    ['a stream', chunks],
  ])('of %s are all of it, each told of piece by piece', async (_, body) => {
    for (const size of [1_000_000, 1_300_000, 3_000_000, 4_000_000]) {
      const reader = new PartReader(await openBody(body()), subject, new PartBuffers(size, 1))
      const parts = await partsOf(reader, size)
      expect(parts.slice(0, -1).every(({ byteLength }) => byteLength === size)).toBe(true)
      expect(Buffer.concat(parts).equals(bytes)).toBe(true)
    }
  })

  test.each([bytes.byteLength - 1, bytes.byteLength + 1, 0])(
    'of a file that has changed its size since are none: %i',
    async (length) => {
      const reader = new PartReader(new FileBody(path, length), subject, new PartBuffers(9, 1))
      const told = { code: 'source_failed', outcome: 'none' }
      await expect(partsOf(reader, 1_000_000)).rejects.toMatchObject(told)
      reader.close(undefined)
    },
  )

  test('of a source that always has something leave others their turn', async () => {
    let turns = 0
    let immediate = setImmediate(function turn() {
      turns += 1
      immediate = setImmediate(turn)
    })
    const reader = new PartReader(await openBody(chunks()), subject, new PartBuffers(9, 1))
    expect(await reader.next(bytes.byteLength, signal, () => undefined)).toHaveLength(3_000_000)
    clearImmediate(immediate)
    reader.close(undefined)
    expect(turns).toBeGreaterThanOrEqual(5)
  })

  test('of a file that is gone are none', async () => {
    const body = new FileBody(join(folder, 'gone'), 7)
    const reader = new PartReader(body, subject, new PartBuffers(9, 1))
    await expect(reader.atEnd(signal)).rejects.toMatchObject({ code: 'source_failed' })
    reader.close(undefined)
  })
})
