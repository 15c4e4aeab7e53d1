import { randomUUID } from 'node:crypto'
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import { exerciseStorage } from './exercise-storage.ts'
import { createFakeStorage } from './fake-storage.ts'
import type { StorageFixture } from './storage-fixture.ts'
import { type GivenStore, givenStore } from '../../test/given-store.ts'
import { startTestStore, type TestStore } from '../../test/store.ts'

const PART = 5 * 1_024 ** 2

function fake(): Promise<StorageFixture> {
  const storage = createFakeStorage({ partSizeBytes: PART })
  return Promise.resolve({
    storage,
    put: (url, body, headers) => storage.put(url, body, headers),
    openUploads: () => Promise.resolve(storage.openUploads),
    [Symbol.asyncDispose]: () => storage.close(),
  })
}

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

async function s3(compatibility: 'aws' | 's3-compatible'): Promise<StorageFixture> {
  const bucket = await store.bucket()
  const storage = createStorage({ ...store.config, bucket, partSizeBytes: PART, compatibility })
  return {
    storage,
    openUploads: async () => (await store.s3.uploads(bucket)).length,
    [Symbol.asyncDispose]: () => storage.close(),
  }
}

async function overClient(): Promise<StorageFixture> {
  const bucket = await store.bucket()
  const client = new S3Client({ ...store.config, forcePathStyle: true })
  const storage = createStorage({ client, bucket, partSizeBytes: PART })
  return {
    storage,
    openUploads: async () => (await store.s3.uploads(bucket)).length,
    async [Symbol.asyncDispose]() {
      await storage.close()
      client.destroy()
    },
  }
}

describe('the fake', () => {
  for (const { name, run } of exerciseStorage(fake)) test(name, run)
})

describe('a real store', () => {
  for (const { name, run } of exerciseStorage(() => s3('aws'))) test(name, run)
})

describe('a real store without the new checksums', () => {
  for (const { name, run } of exerciseStorage(() => s3('s3-compatible'))) test(name, run)
})

describe('a client of the SDK that was passed in', () => {
  for (const { name, run } of exerciseStorage(overClient)) test(name, run)
})

async function given(config: GivenStore): Promise<StorageFixture> {
  const prefix = `yuzuru-test-${randomUUID()}/`
  const storage = createStorage({ ...config, partSizeBytes: PART })
  return {
    storage,
    prefix,
    openUploads: async () => {
      const command = new ListMultipartUploadsCommand({ Bucket: config.bucket, Prefix: prefix })
      return (await storage.client.send(command)).Uploads?.length ?? 0
    },
    async [Symbol.asyncDispose]() {
      await storage.deletePrefix(prefix)
      await storage.close()
    },
  }
}

// Any other store: only when its address is given.
const foreign = givenStore()
if (foreign !== undefined) {
  describe('the store at YUZURU_TEST_S3_ENDPOINT', () => {
    for (const { name, run } of exerciseStorage(() => given(foreign))) test(name, run, 60_000)
  })
}
