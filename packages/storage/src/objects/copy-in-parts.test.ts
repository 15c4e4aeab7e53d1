import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ByteBudget } from '../store/byte-budget.ts'
import { copyInParts } from './copy-in-parts.ts'
import { createStorage } from '../create-storage.ts'
import { lifeOf } from '../store/storage-life.ts'
import { PartBuffers } from '../store/part-buffers.ts'
import { S3Backend } from '../s3/s3-backend.ts'
import { S3Sender } from '../s3/s3-sender.ts'
import type { StorageContext } from '../store/storage-context.ts'
import { PART, patterned, startTestStore, type TestStore } from '../../test/store.ts'
import { UploadRegistry } from '../store/upload-registry.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

const subject = { operation: 'copy', key: 'to' }
const { signal } = new AbortController()
const body = patterned(2 * PART + 1)

/** As `copy` does it for more than 5 GiB, with parts of 5 MiB. */
async function setUp(): Promise<{
  readonly storage: ReturnType<typeof createStorage>
  readonly context: StorageContext
}> {
  const storage = createStorage({ ...store.config, bucket: await store.bucket() })
  const context: StorageContext = {
    backend: new S3Backend(storage.bucket, new S3Sender(storage.client, undefined)),
    budget: new ByteBudget(PART),
    buffers: new PartBuffers(PART, 1),
    partBytes: PART,
    algorithm: 'CRC32',
    uploads: new UploadRegistry(),
    life: lifeOf(() => undefined),
  }
  return { storage, context }
}

describe('a copy in parts', () => {
  test('has the bytes, the checksum and the attributes of its source', async () => {
    const { storage, context } = await setUp()
    await using _ = storage
    const sent = await storage.upload('写し', body, { contentType: 'application/pdf' })
    const info = await storage.head('写し')
    const init = { info, attributes: undefined, partBytes: PART }
    const written = await copyInParts({ context, subject, key: 'to', signal }, init)
    const copied = await storage.head('to')
    expect(copied).toMatchObject({ etag: written.etag, contentType: 'application/pdf' })
    expect(copied.checksum).toEqual(sent.checksum)
    expect(Buffer.compare(await (await storage.download('to')).bytes(), body)).toBe(0)
  })

  test('leaves nothing when its source changes meanwhile', async () => {
    const { storage, context } = await setUp()
    await using _ = storage
    await storage.upload('from', body)
    const info = await storage.head('from')
    await storage.upload('from', body.subarray(1))
    const init = { info, attributes: undefined, partBytes: PART }
    await expect(copyInParts({ context, subject, key: 'to', signal }, init)).rejects.toMatchObject({
      code: 'precondition_failed',
      outcome: 'none',
    })
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
    expect(await storage.exists('to')).toBe(false)
  })
})
