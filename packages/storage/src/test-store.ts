import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type S3Server, startS3 } from '@yuzuru/sandbox'

/** What the tests of this folder share: a store over a folder of its own. */
export interface TestStore extends AsyncDisposable {
  readonly s3: S3Server
  /** How to reach it. */
  readonly config: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Makes an empty bucket. */
  bucket(): Promise<string>
}

export async function startTestStore(): Promise<TestStore> {
  const dir = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
  const s3 = await startS3({ dir })
  const { endpoint, region, accessKeyId, secretAccessKey } = s3
  return {
    s3,
    config: { endpoint, region, credentials: { accessKeyId, secretAccessKey } },
    async bucket() {
      const name = `b-${randomUUID()}`
      await s3.createBucket(name)
      return name
    },
    async [Symbol.asyncDispose]() {
      await s3.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
