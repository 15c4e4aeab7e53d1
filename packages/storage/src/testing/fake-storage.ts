import { expectOptions } from '@yuzuru/concurrency/boundary'
import { storageOver } from '../bucket-storage.ts'
import { MemoryBackend } from './memory-backend.ts'
import { receivePut } from './memory-receive.ts'
import type { Storage } from '../storage.ts'
import {
  expectTransferOptions,
  TRANSFER_OPTIONS,
  type TransferOptions,
} from '../storage-options.ts'

/** A {@link Storage} that keeps everything in memory. */
export interface FakeStorage extends Storage<undefined> {
  /** The keys that are stored, in the order in which they came. */
  readonly keys: readonly string[]
  /** The bytes of an object, `undefined` when there is none. */
  bytesOf(key: string): Uint8Array | undefined
  /**
   * Makes the request that a presigned URL for PUT is for (`presignPut`, the parts of `presignUpload`),
   * as a browser would; gives the ETag. Its signature is not looked at.
   */
  put(
    url: string,
    body: Uint8Array | string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<string>
  /** How many multipart uploads are neither completed nor removed. */
  readonly openUploads: number
}

/** The signal of calls that are never cancelled. */
const NEVER = new AbortController().signal

/** For {@link createFakeStorage}. */
export type FakeStorageOptions = Partial<TransferOptions>

/**
 * A storage for tests. All that happens before a request would be sent happens for real: checks, parts,
 * checksums, conditions. Presigned URLs are signed, and lead to `put` alone.
 *
 * @example
 * const storage = createFakeStorage()
 * await savePlan(storage, pdf)
 * assert.deepEqual(storage.keys, ['plans/7.pdf'])
 */
export function createFakeStorage(options: FakeStorageOptions = {}): FakeStorage {
  expectOptions(options, Object.keys(TRANSFER_OPTIONS), 'createFakeStorage')
  const { bucket = 'fake', ...rest } = options
  const transfer = expectTransferOptions({ bucket, ...rest })
  const backend = new MemoryBackend(bucket)
  const algorithm = options.compatibility === 's3-compatible' ? 'MD5' : 'CRC32'
  const storage = storageOver({ backend, ...transfer, algorithm })
  return {
    ...storage,
    get keys() {
      return [...backend.objects.keys()]
    },
    get openUploads() {
      return backend.uploads.size
    },
    put: async (url, body, headers = {}) => {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      const subject = { operation: 'put' }
      try {
        return await receivePut(backend, { url, headers, body: bytes }, NEVER)
      } catch (error) {
        throw backend.translate(subject, 'idempotent', error)
      }
    },
    bytesOf: (key) => backend.objects.get(key)?.body,
  }
}
