import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import {
  type FaultProxy,
  type S3Options,
  type S3Server,
  startFaultProxy,
  startS3,
} from '@yuzuru/sandbox'
import { createStorage } from '../src/create-storage.ts'
import type { Storage } from '../src/storage.ts'
import type { StorageConfig } from '../src/storage-options.ts'

/** The least size of a part. */
export const PART: number = 5 * 1_024 ** 2

/** What the tests of this folder share: a store over a folder of its own, and faults before it. */
export interface TestStore extends AsyncDisposable {
  readonly s3: S3Server
  readonly proxy: FaultProxy
  /** How to reach it. */
  readonly config: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Makes an empty bucket. */
  bucket(): Promise<string>
  /** A storage over an empty bucket, by way of the proxy. */
  faulty(config?: Partial<StorageConfig>): Promise<Storage<S3Client>>
}

export async function startTestStore(options: Omit<S3Options, 'dir'> = {}): Promise<TestStore> {
  const dir = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
  const s3 = await startS3({ ...options, dir })
  const proxy = await startFaultProxy({ target: s3, protocol: 'http' })
  const { endpoint, region, accessKeyId, secretAccessKey } = s3
  const config = { endpoint, region, credentials: { accessKeyId, secretAccessKey } }
  const bucket = async (): Promise<string> => {
    const name = `b-${randomUUID()}`
    await s3.createBucket(name)
    return name
  }
  return {
    s3,
    proxy,
    config,
    bucket,
    async faulty(given) {
      const endpoint = new URL(proxy.url(config.endpoint)).origin
      const own = { ...config, endpoint, bucket: await bucket(), partSizeBytes: PART }
      return createStorage({ ...own, ...given })
    },
    async [Symbol.asyncDispose]() {
      await proxy.close()
      await s3.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Bytes that no two places of it have in common. */
export function patterned(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at)
  return bytes.fill(7, size - (size % 4))
}
