import { currentSignal, type IoOptions } from '@yuzuru/concurrency'
import { expected, expectObject } from '@yuzuru/concurrency/boundary'
import { afterEffect, failure } from '../store/failure.ts'
import { discardUpload, endUpload } from './discard-upload.ts'
import type { OpenUpload } from '../store/object-backend.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'

/** Options of {@link Storage.sweepUploads}. */
export interface SweepOptions extends IoOptions {
  /**
   * Only uploads that began longer ago than this, in milliseconds. Choose more than your longest upload
   * takes: the store does not say whether one is still under way.
   */
  readonly olderThanMs: number
  /** Only keys that begin with it. @default all */
  readonly prefix?: string | undefined
}

/** Removes unfinished multipart uploads, except those that this storage is working on. */
export async function sweepUploads(
  context: StorageContext,
  options: SweepOptions,
): Promise<number> {
  expectObject('options', options)
  const { olderThanMs, prefix = '' } = options
  if (typeof olderThanMs !== 'number' || !(olderThanMs >= 0)) {
    throw expected('olderThanMs to be a number from 0 up', olderThanMs)
  }
  if (typeof prefix !== 'string') {
    throw expected('prefix to be a string', prefix)
  }
  const subject = { operation: 'sweepUploads' }
  return await callStore(context, subject, 'idempotent', options, async (signal, _, within) => {
    const startedBefore = Date.now() - olderThanMs
    let removed = await retryOrphans(within, endUpload)
    const list = (): Promise<readonly OpenUpload[]> => context.backend.listUploads(prefix, signal)
    for (const found of await (removed > 0 ? afterEffect(list) : list())) {
      currentSignal()?.throwIfAborted()
      const { key, uploadId, startedAt } = found
      if (startedAt.getTime() > startedBefore || context.uploads.isRunning(uploadId)) continue
      if (!(await endUpload(within, key, uploadId))) {
        throw failure({ ...subject, key }, 'unexpected', {
          outcome: 'unknown',
          retryable: true,
          detail: 'an upload could not be removed; it is tried again with the next sweep',
        })
      }
      removed += 1
    }
    return removed
  })
}

/** Tries again to remove uploads that could not be removed before. Returns how many it removed. */
export async function retryOrphans(
  context: StorageContext,
  remove: typeof endUpload = discardUpload,
): Promise<number> {
  let removed = 0
  for (const [uploadId, key] of context.uploads.orphans) {
    if (await remove(context, key, uploadId)) removed += 1
  }
  return removed
}
