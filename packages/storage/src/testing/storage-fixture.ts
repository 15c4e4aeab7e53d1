import assert from 'node:assert/strict'
import type { Fixture, MakeCase } from '@yuzuru/concurrency/testing'
import type { Storage } from '../storage.ts'
import { StorageError, type StorageErrorCode } from '../store/storage-error.ts'

/** A storage to be tried, fresh for one case. */
export interface StorageFixture extends Fixture {
  /** With parts of 5 MiB. */
  readonly storage: Storage
  /** What all keys begin with; nothing else is touched. @default '' */
  readonly prefix?: string | undefined
  /** Makes the request that a presigned URL for PUT is for; gives the ETag. @default by `fetch` */
  readonly put?:
    | ((
        url: string,
        body: Uint8Array,
        headers: Readonly<Record<string, string>>,
      ) => Promise<string>)
    | undefined
  /** How many multipart uploads are open under the prefix. */
  openUploads(): Promise<number>
}

/** Makes a case with a fixture of its own. */
export type MakeStorageCase = MakeCase<StorageFixture>

export async function textOf(storage: Storage, key: string): Promise<string> {
  return await (await storage.download(key)).text()
}

export async function rejects(
  promise: Promise<unknown>,
  code: StorageErrorCode,
): Promise<StorageError> {
  const error: unknown = await promise.then(
    () => assert.fail(`Expected a failure with the code ${code}, got none`),
    (reason: unknown) => reason,
  )
  if (!StorageError.isInstance(error)) throw error
  assert.equal(error.code, code)
  return error
}
