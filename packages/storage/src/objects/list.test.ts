import { TestClock } from '@yuzuru/concurrency/testing'
import { type ScriptedReply, startScriptedServer } from '@yuzuru/http/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { storageOver } from '../bucket-storage.ts'
import { createStorage } from '../create-storage.ts'
import { createFakeStorage } from '../testing/fake-storage.ts'
import { MemoryBackend } from '../testing/memory-backend.ts'
import type { Page } from '../store/object-backend.ts'
import type { Storage } from '../storage.ts'
import { PART } from '../../test/store.ts'

const credentials = { accessKeyId: 'a', secretAccessKey: 'secret-of-the-tests' }
const etag = '"0123456789abcdef0123456789abcdef"'

/** What is listed, and the answers that go round or do not say how to go on. */
const LISTS: Readonly<
  Record<string, { call: (storage: Storage) => Promise<unknown>; round: string; lost: string }>
> = {
  objects: {
    call: (storage) => Array.fromAsync(storage.list()),
    round:
      '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
    lost: '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
  },
  folders: {
    call: (storage) => Array.fromAsync(storage.listFolder()),
    round:
      '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
    lost: '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
  },
  'objects to delete': {
    call: (storage) => storage.deletePrefix('a/'),
    round:
      '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
    lost: '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
  },
  uploads: {
    call: (storage) => storage.sweepUploads({ olderThanMs: 0 }),
    round:
      '<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker></ListMultipartUploadsResult>',
    lost: '<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>',
  },
  parts: {
    call: async (storage) => {
      const { token } = await storage.presignUpload('key', { bytes: PART + 1 })
      const { length } = ['', '']
      await storage.completeUpload(token, Array<string>(length).fill(etag))
    },
    round:
      '<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker></ListPartsResult>',
    lost: '<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>',
  },
}

describe.each(Object.entries(LISTS))('a list of %s', (_, { call, round, lost }) => {
  test.each([
    ['goes round', round],
    ['does not say where it goes on', lost],
  ])('that %s is an error', async (_, body) => {
    await using server = await startScriptedServer()
    server.otherwise(({ method, path }): ScriptedReply => {
      if (method !== 'POST' || !path.includes('uploads')) return { body }
      return {
        body: '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>',
      }
    })
    const config = { endpoint: server.url, bucket: 'b', credentials, partSizeBytes: PART }
    await using storage = createStorage(config)
    await expect(call(storage)).rejects.toMatchObject({
      name: 'StorageError',
      code: 'unexpected',
      retryable: false,
      message: expect.stringContaining('the store'),
    })
    expect(server.requests.length).toBeLessThanOrEqual(4)
  })
})

test('a list that goes round, however late and wide, ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(20), fc.integer({ min: 1, max: 20 }), async (before, around) => {
      let pages = 0
      class RoundBackend extends MemoryBackend {
        override list(): Promise<Page> {
          const at = pages < before ? pages : before + ((pages - before) % around)
          pages += 1
          return Promise.resolve({ objects: [], prefixes: [], isTruncated: true, token: `${at}` })
        }
      }
      const backend = new RoundBackend('b')
      const init = { backend, partBytes: PART, parallel: 1, algorithm: 'CRC32' } as const
      await using storage = storageOver(init)
      const listing = Array.fromAsync(storage.list())
      await expect(listing).rejects.toMatchObject({ code: 'unexpected' })
      expect(pages).toBeLessThanOrEqual(3 * (before + around) + 1)
    }),
  )
})

describe('the deadline of a list', () => {
  test('is for all its pages together, and what its reader does in between', async () => {
    await using storage = createFakeStorage()
    for (const key of ['a', 'b', 'c']) await storage.upload(key, key)
    using clock = TestClock.install()
    const seen: string[] = []
    const listing = (async () => {
      for await (const { key } of storage.list({ pageSize: 1, timeoutMs: 100 })) {
        seen.push(key)
        await clock.advance(60)
      }
    })()
    await expect(listing).rejects.toMatchObject({
      name: 'TimeoutError',
      timeoutMs: 100,
      outcome: 'none',
    })
    expect(seen).toEqual(['a', 'b'])
  })

  test('must be a number', async () => {
    await using storage = createFakeStorage()
    const listing = Array.fromAsync(storage.list({ timeoutMs: '5' as never }))
    await expect(listing).rejects.toBeInstanceOf(TypeError)
  })
})
