import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ByteBudget } from '../store/byte-budget.ts'
import { lifeOf } from '../store/storage-life.ts'
import { PartBuffers } from '../store/part-buffers.ts'
import { UploadRegistry } from '../store/upload-registry.ts'
import { MemoryBackend } from '../testing/memory-backend.ts'
import { PartReader } from './part-reader.ts'
import type { UploadBody } from './upload-body.ts'
import { UploadSource } from './upload-source.ts'

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

/** Opens a body, to be cut into parts of one size. */
async function open(body: UploadBody, partBytes: number, maxBytes = Infinity) {
  const source = new UploadSource(body, subject, maxBytes)
  await source.open()
  const context = {
    backend: new MemoryBackend('bucket'),
    budget: new ByteBudget(10_000_000),
    buffers: new PartBuffers(partBytes, 1),
    partBytes,
    algorithm: 'CRC32',
    uploads: new UploadRegistry(),
    life: lifeOf(() => undefined),
  } as const
  const plannedBytes = source.length
  const plan = { algorithm: 'CRC32', bytes: source.length, partBytes, plannedBytes } as const
  const target = { context, subject, key: 'key', signal }
  return { source, parts: new PartReader(target, { ...plan, resumed: undefined }, source), context }
}

async function partsOf(parts: PartReader): Promise<Buffer[]> {
  const all: Buffer[] = []
  while (!(await parts.atEnd())) {
    const { number, body, digest, permit } = await parts.next()
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    expect({ number, value: digest.value }).toEqual({
      number: all.length + 1,
      value: sum.toString('base64'),
    })
    all.push(Buffer.from(body))
    permit.release()
  }
  return all
}

async function* chunks(): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += 70_001) yield bytes.subarray(at, at + 70_001)
}

describe('parts', () => {
  test.each([
    ['a file', () => ({ path })],
    ['bytes', () => bytes],
    ['a stream', chunks],
  ])('of %s are all of it, each with its checksum, and give their room back', async (_, body) => {
    for (const size of [1_048_576, 1_300_000, 3_000_000, 4_000_000]) {
      const { source, parts, context } = await open(body(), size)
      const all = await partsOf(parts)
      expect(all.slice(0, -1).every(({ byteLength }) => byteLength === size)).toBe(true)
      expect(Buffer.concat(all).equals(bytes)).toBe(true)
      expect(context.budget.isIdle).toBe(true)
      source.close()
    }
  })

  test.each([bytes.byteLength - 1, bytes.byteLength + 1, 0])(
    'of a file that has changed its size since are none: %i',
    async (length) => {
      const changing = join(folder, `changing-${length}`)
      await writeFile(changing, Buffer.alloc(length))
      const { source, parts } = await open({ path: changing }, 1_000_000)
      await writeFile(changing, bytes)
      const told = { code: 'source_failed', outcome: 'none' }
      await expect(partsOf(parts)).rejects.toMatchObject(told)
      source.close()
    },
  )

  test('of a source that always has something leave others their turn', async () => {
    let turns = 0
    let immediate = setImmediate(function turn() {
      turns += 1
      immediate = setImmediate(turn)
    })
    const { source, parts } = await open(chunks(), bytes.byteLength)
    expect((await parts.next()).body).toHaveLength(3_000_000)
    clearImmediate(immediate)
    source.close()
    expect(turns).toBeGreaterThanOrEqual(5)
  })

  test('of a file that is gone are none', async () => {
    const gone = open({ path: join(folder, 'gone') }, 9)
    await expect(gone).rejects.toMatchObject({ code: 'source_failed' })
  })

  test('of a file that can not be read are none', async () => {
    const { source, parts } = await open({ path: folder }, 9)
    await expect(parts.next()).rejects.toMatchObject({ code: 'source_failed' })
    source.close()
  })
})
