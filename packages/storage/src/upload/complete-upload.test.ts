import { expect, test } from 'vitest'
import { PART, patterned } from '../../test/store.ts'
import { storageOver } from '../bucket-storage.ts'
import { failure } from '../store/failure.ts'
import type { CompleteInit, Written } from '../store/object-backend.ts'
import { MemoryBackend } from '../testing/memory-backend.ts'

/** The first answer is lost before the store is done, and somebody else's object stands there a moment later. */
class SlowBackend extends MemoryBackend {
  completions = 0

  override async completeUpload(
    key: string,
    init: CompleteInit,
    signal: AbortSignal,
  ): Promise<Written> {
    this.completions += 1
    const subject = { operation: 'upload', key }
    if (this.completions === 1) throw failure(subject, 'connection_lost', { outcome: 'unknown' })
    await super.completeUpload(key, init, signal)
    const others = this.objects.get('others')
    if (others !== undefined) this.objects.set(key, others)
    throw failure(subject, 'not_found', { outcome: 'none' })
  }
}

test('an attempt that may have made the object is not forgotten when the next one finds no upload', async () => {
  const backend = new SlowBackend('bucket')
  await using storage = storageOver({ backend, partBytes: PART, parallel: 1, algorithm: 'CRC32' })
  await storage.upload('others', patterned(10))
  const upload = storage.upload('mine', patterned(PART + 1))
  await expect(upload).rejects.toMatchObject({ code: 'not_found', outcome: 'unknown' })
  expect(backend.completions).toBe(2)
})
