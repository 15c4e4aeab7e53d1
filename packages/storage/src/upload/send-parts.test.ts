import { setImmediate } from 'node:timers/promises'
import { io, remaining, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, test } from 'vitest'
import { storageOver } from '../bucket-storage.ts'
import type { PartInit } from '../store/object-backend.ts'
import { generate, sliced } from '../testing/exercise-sources.ts'
import { MemoryBackend } from '../testing/memory-backend.ts'
import { PART, patterned } from '../../test/store.ts'

/** Its parts go through a transport that tells the scope of each request; the second one gets no answer. */
class StallingBackend extends MemoryBackend {
  override readonly tellsWhenSent = true
  readonly remaining: number[] = []

  override async putPart(key: string, init: PartInit, signal: AbortSignal): Promise<string> {
    this.remaining.push(remaining())
    const call = { boundary: 'transport', operation: 'put', effect: 'idempotent' } as const
    return await io(call, undefined, async () => {
      if (init.number === 1) return await super.putPart(key, init, signal)
      const { promise, reject } = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      return await promise
    })
  }
}

test('the parts of an upload obey the scope around it, and are no effect of it', async () => {
  const backend = new StallingBackend('b')
  await using storage = storageOver({ backend, partBytes: PART, parallel: 2, algorithm: 'CRC32' })
  using clock = TestClock.install()
  const source = generate(sliced(patterned(PART + 1), PART))
  const uploading = withTimeout(1_000, () => storage.upload('key', source))
  uploading.catch(() => undefined)
  while (backend.remaining.length < 2) await setImmediate()
  await clock.advance(1_000)
  await expect(uploading).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'none' })
  expect(backend.remaining).toEqual([1_000, 1_000])
  expect(backend.uploads.size).toBe(0)
  expect(backend.objects.size).toBe(0)
})
