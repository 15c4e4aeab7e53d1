import { describe, expect, test } from 'vitest'
import { storageOver } from '../bucket-storage.ts'
import { failure } from '../store/failure.ts'
import { MemoryBackend } from '../testing/memory-backend.ts'
import { Refusal } from '../testing/memory-refusal.ts'
import type { CompleteInit, CopyInit, PutInit, Written } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import type { Storage } from '../storage.ts'
import { PART, patterned } from '../../test/store.ts'

/** As Ceph 16 does it. */
class LaxBackend extends MemoryBackend {
  override readonly keepsConditions = false
  puts = 0
  /** Called when a copy was asked for, before it is made. */
  copying: () => void = () => undefined

  replace(key: string, by: string): void {
    const object = this.objects.get(by)
    if (object !== undefined) this.objects.set(key, object)
  }

  /** Compares the header as it stands with an ETag that has no quotes. */
  override async put(key: string, init: PutInit, signal: AbortSignal): Promise<Written> {
    this.puts += 1
    if (init.ifMatch !== undefined && init.bareEtag !== true) {
      throw new Refusal('precondition_failed')
    }
    return await super.put(key, init, signal)
  }

  override async completeUpload(
    key: string,
    { uploadId, parts, bytes, checksum }: CompleteInit,
    signal: AbortSignal,
  ): Promise<Written> {
    await super.completeUpload(key, { uploadId, parts, bytes, checksum }, signal)
    // As Ceph 16 does: its answer has no ETag.
    throw failure({ operation: 'upload', key }, 'unexpected', { outcome: 'unknown' })
  }

  override async copy(key: string, init: CopyInit, signal: AbortSignal): Promise<Written> {
    this.copying()
    const { etag = '' } = this.objects.get(init.source.key)?.info ?? {}
    return await super.copy(key, { ...init, source: { ...init.source, etag } }, signal)
  }
}

/** Whose objects all claim to be of 6 GiB, so that they are copied in parts. */
class VastBackend extends LaxBackend {
  override async head(key: string, signal: AbortSignal): Promise<ObjectInfo> {
    return { ...(await super.head(key, signal)), bytes: 6 * 1_024 ** 3 }
  }

  override async copyPart(): Promise<string> {
    this.copying()
    return '0'.repeat(32)
  }
}

function over(backend: LaxBackend): Storage {
  return storageOver({ backend, partBytes: PART, parallel: 2, algorithm: 'MD5' })
}

describe('a body of several parts that is to be written under a condition', () => {
  const large = patterned(PART + 1)
  class CountingBackend extends MemoryBackend {
    begun = 0
    override async createUpload(
      ...args: Parameters<MemoryBackend['createUpload']>
    ): Promise<string> {
      this.begun += 1
      return await super.createUpload(...args)
    }
  }

  test.each([
    ['ifNoneMatch', { ifNoneMatch: '*' }, 'one'],
    ['ifMatch', { ifMatch: 'other' }, 'one'],
    ['ifMatch, and nothing there', { ifMatch: 'other' }, undefined],
  ] as const)('is not sent when that does not hold: %s', async (_, condition, there) => {
    const backend = new CountingBackend('b')
    const init = { backend, partBytes: PART, parallel: 2, algorithm: 'CRC32' } as const
    await using storage = storageOver(init)
    if (there !== undefined) await storage.upload('key', there)
    const sending = storage.upload('key', large, condition)
    await expect(sending).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
    expect(backend.begun).toBe(0)
  })

  test('is sent by somebody who may not look', async () => {
    class BlindBackend extends CountingBackend {
      override head(): Promise<never> {
        return Promise.reject(new Refusal('forbidden'))
      }
    }
    const backend = new BlindBackend('b')
    const init = { backend, partBytes: PART, parallel: 2, algorithm: 'CRC32' } as const
    await using storage = storageOver(init)
    const sent = await storage.upload('key', large, { ifNoneMatch: '*' })
    expect(sent.bytes).toBe(PART + 1)
  })
})

describe('on a store that passes over conditions', () => {
  test('an ETag goes out without quotes once it turned out that it must', async () => {
    const backend = new LaxBackend('b')
    await using storage = over(backend)
    const first = await storage.upload('key', 'one')
    const second = await storage.upload('key', 'two', { ifMatch: first.etag })
    expect(backend.puts).toBe(3)
    const third = await storage.upload('key', 'three', { ifMatch: second.etag })
    expect(backend.puts).toBe(4)
    const late = storage.upload('key', 'four', { ifMatch: second.etag })
    await expect(late).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
    expect((await storage.head('key')).etag).toBe(third.etag)
  })

  test('a body is sent again without quotes only if the object still has the ETag', async () => {
    const backend = new LaxBackend('b')
    await using storage = over(backend)
    const { etag: ifMatch } = await storage.upload('key', 'one')
    await storage.upload('key', 'two')
    const late = storage.upload('key', 'three', { ifMatch })
    await expect(late).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
    expect(backend.puts).toBe(3)
  })

  test('an upload in parts looks at the object before it is completed', async () => {
    const backend = new LaxBackend('b')
    await using storage = over(backend)
    const body = patterned(PART + 1)
    const first = await storage.upload('key', body, { ifNoneMatch: '*' })
    expect(first.etag).toBe((await storage.head('key')).etag)
    const again = storage.upload('key', body, { ifNoneMatch: '*' })
    await expect(again).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
    const second = await storage.upload('key', body.subarray(1), { ifMatch: first.etag })
    const late = storage.upload('key', body, { ifMatch: `"${first.etag}"` })
    await expect(late).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'none' })
    expect((await storage.head('key')).etag).toBe(second.etag)
    expect(backend.uploads.size).toBe(0)
  })

  test('a copy says when its source changed meanwhile, and a move does not delete it', async () => {
    const backend = new LaxBackend('b')
    await using storage = over(backend)
    await storage.upload('from', 'one')
    await storage.upload('other', 'two')
    backend.copying = () => backend.replace('from', 'other')
    const moving = storage.move('from', 'to')
    await expect(moving).rejects.toMatchObject({ code: 'precondition_failed', outcome: 'unknown' })
    expect(await storage.exists('from')).toBe(true)
  })

  test('a copy in parts leaves nothing when its source changed meanwhile', async () => {
    const backend = new VastBackend('b')
    await using storage = over(backend)
    await storage.upload('from', 'one')
    await storage.upload('other', 'two')
    backend.copying = () => backend.replace('from', 'other')
    const copying = storage.copy('from', 'to')
    await expect(copying).rejects.toMatchObject({ code: 'precondition_failed' })
    expect([backend.objects.has('to'), backend.uploads.size]).toEqual([false, 0])
  })
})
