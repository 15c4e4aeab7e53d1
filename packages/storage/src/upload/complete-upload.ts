import { sleep } from '@yuzuru/concurrency'
import type { CompleteInit, Written } from '../store/object-backend.ts'
import { discardUpload } from './open-upload.ts'
import { headOrNothing } from './put-whole.ts'
import { StorageError } from '../store/storage-error.ts'
import { lookAtConditions } from './store-conditions.ts'
import { translated, uncounted } from '../store/storage-context.ts'
import type { UploadTarget } from './upload-job.ts'
import { multipartEtag } from './whole-checksum.ts'

const ATTEMPTS = 4

/**
 * Makes the parts an object. When the answer is lost, or is a failure of which nobody knows how far
 * it got, the object itself tells: if it is there and has our checksum, all is well; if the upload is
 * still there, completing it is tried again.
 */
export async function completeUpload(
  job: UploadTarget,
  init: CompleteInit,
  signal: AbortSignal,
): Promise<Written> {
  const { context, subject, key } = job
  const { backend } = context
  // Ceph 16 answers without an ETag: then the object tells, too.
  for (let attempt = 1; ; attempt += 1) {
    await lookAtConditions(job, init, signal)
    try {
      return await backend.completeUpload(key, init, signal)
    } catch (error) {
      signal.throwIfAborted()
      const failed = translated(context, subject, 'write', error)
      if (!StorageError.isInstance(failed)) throw failed
      // A repeat whose predecessor did succeed finds no upload any more.
      const unsure = failed.outcome === 'unknown' || (attempt > 1 && failed.code === 'not_found')
      if (unsure) {
        const found = await settled(job, init, signal)
        if (found !== undefined) {
          // The same bytes may have been there before: then the upload is still open.
          await discardUpload(context, key, init.uploadId)
          return found
        }
      }
      const again = failed.outcome === 'none' ? failed.retryable : await isOpen(job, init, signal)
      if (!again || attempt === ATTEMPTS) throw failed
    }
    await sleep(100 * 2 ** attempt)
  }
}

async function settled(
  job: UploadTarget,
  { bytes, checksum, parts }: CompleteInit,
  signal: AbortSignal,
): Promise<Written | undefined> {
  const found = await headOrNothing(job, signal)
  if (found === undefined || found.bytes !== bytes || found.etag === '') return undefined
  const comparable =
    found.checksum?.algorithm === checksum.algorithm && found.checksum.type === checksum.type
  const same = comparable
    ? found.checksum?.value === checksum.value
    : found.etag === multipartEtag(parts)
  if (!same) return undefined
  return { etag: found.etag, checksum: found.checksum, versionId: found.versionId }
}

async function isOpen(
  { context, key }: UploadTarget,
  { uploadId }: CompleteInit,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await uncounted(() => context.backend.hasUpload(key, uploadId, signal))
  } catch {
    signal.throwIfAborted()
    return false
  }
}
