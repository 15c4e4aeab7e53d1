import { shield, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import type { ObjectCall } from '../store/failure.ts'
import { callStore, type StorageContext, step } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'

/** How long the removal of an upload may take, in milliseconds. */
const DISCARD_MS = 10_000

/** A multipart upload to remove. */
interface Discarded {
  readonly context: StorageContext
  readonly subject: ObjectCall
  readonly key: string
  readonly uploadId: string
}

/**
 * Removes a multipart upload and makes sure that it is gone, even in a cancelled scope. It does not throw:
 * an upload that could not be removed is noted, and `sweepUploads` and `close` try again.
 */
export async function discardUpload(
  context: StorageContext,
  key: string,
  uploadId: string,
): Promise<boolean> {
  const subject = { operation: 'abort', key }
  try {
    const upload = { context, subject, key, uploadId }
    const abort = (): Promise<void> =>
      step(upload, 'abortUpload', (signal) => context.backend.abortUpload(key, uploadId, signal))
    await shield(() => removeUpload(upload, abort), {
      name: 'storage.upload.discard',
      timeoutMs: DISCARD_MS,
    })
    context.uploads.end(uploadId)
    return true
  } catch {
    context.uploads.orphan(uploadId, key)
    return false
  }
}

/**
 * The same for a caller who asked for the removal: a cancel ends it, and it counts as an effect. An upload
 * that could not be removed is noted as well.
 *
 * @param within the context of the call that it belongs to
 */
export async function endUpload(
  within: StorageContext,
  key: string,
  uploadId: string,
): Promise<boolean> {
  const subject = { operation: 'abort', key }
  const abort = (): Promise<void> =>
    callStore(within, subject, 'idempotent', undefined, (signal) =>
      within.backend.abortUpload(key, uploadId, signal),
    )
  try {
    await removeUpload({ context: within, subject, key, uploadId }, abort)
    within.uploads.end(uploadId)
    return true
  } catch {
    within.uploads.orphan(uploadId, key)
    throwIfCancelled()
    return false
  }
}

/**
 * A part that the store was still writing when the upload was aborted can bring it back (S3 API,
 * AbortMultipartUpload), so it is aborted until the store no longer knows it.
 */
async function removeUpload(upload: Discarded, abort: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    let failed: unknown
    try {
      await abort()
    } catch (error) {
      if (StorageError.isInstance(error) && error.code === 'not_found') return
      failed = error
    }
    throwIfCancelled()
    const there = await isThere(upload)
    if (there === false || (there === undefined && failed === undefined)) return
    if (attempt === 5) throw failed ?? new Error('the upload was aborted and is still there')
    await sleep(100 * attempt)
  }
}

/** Whether a multipart upload is still there; `undefined` if the store does not say. */
export async function isThere(upload: Discarded): Promise<boolean | undefined> {
  const { context, key, uploadId } = upload
  try {
    return await step(upload, 'hasUpload', (signal) =>
      context.backend.hasUpload(key, uploadId, signal),
    )
  } catch {
    throwIfCancelled()
    return undefined
  }
}
