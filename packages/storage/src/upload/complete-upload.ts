import { sleep } from '@yuzuru/concurrency'
import { backoff } from '@yuzuru/concurrency/boundary'
import type { CompleteInit, Written } from '../store/object-backend.ts'
import { withUnknownOutcome } from '../store/failure.ts'
import { type ObjectTarget, translated } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { discardUpload, isThere } from './discard-upload.ts'
import { findIfPossible } from './find-object.ts'
import { lookAtConditions } from './store-conditions.ts'
import { multipartEtag } from './whole-checksum.ts'

const ATTEMPTS = 4

const delayMs = backoff({ baseDelayMs: 200 })

/**
 * Makes an object of the parts. If the answer is lost or inconclusive, the object itself decides: if it is
 * there with our checksum, the upload has succeeded; if the upload is still open, it is completed again.
 */
export async function completeUpload(target: ObjectTarget, init: CompleteInit): Promise<Written> {
  const sent = { unsure: false }
  try {
    return await complete(target, init, sent)
  } catch (error) {
    // The last attempt may have failed because of what an earlier one has done.
    throw sent.unsure && StorageError.isInstance(error) ? withUnknownOutcome(error) : error
  }
}

/** @param sent notes whether an attempt may have made the object */
async function complete(
  target: ObjectTarget,
  init: CompleteInit,
  sent: { unsure: boolean },
): Promise<Written> {
  const { context, key, subject, signal } = target
  // Ceph 16 answers without an ETag: then the object is looked at, too.
  for (let attempt = 1; ; attempt += 1) {
    await lookAtConditions(target, init)
    try {
      return await context.backend.completeUpload(key, init, signal)
    } catch (error) {
      signal.throwIfAborted()
      const failed = translated(context, subject, 'write', error)
      if (!StorageError.isInstance(failed)) throw failed
      // After an attempt that did succeed, the next one finds no upload.
      sent.unsure ||= failed.outcome === 'unknown'
      const isUnsure = failed.outcome === 'unknown' || (attempt > 1 && failed.code === 'not_found')
      if (isUnsure) {
        const found = await findCompleted(target, init)
        if (found !== undefined) {
          // The same bytes may have been there before; then the upload is still open.
          await discardUpload(context, key, init.uploadId)
          return found
        }
      }
      const { uploadId } = init
      const again =
        failed.outcome === 'none' ? failed.retryable : await isThere({ ...target, uploadId })
      if (again !== true || attempt === ATTEMPTS) throw failed
    }
    await sleep(delayMs(attempt))
  }
}

async function findCompleted(
  target: ObjectTarget,
  { bytes, checksum, parts }: CompleteInit,
): Promise<Written | undefined> {
  const found = await findIfPossible(target)
  if (found === undefined || found.bytes !== bytes || found.etag === '') return undefined
  const isComparable =
    found.checksum?.algorithm === checksum.algorithm && found.checksum.type === checksum.type
  const isSame = isComparable
    ? found.checksum?.value === checksum.value
    : found.etag === multipartEtag(parts)
  if (!isSame) return undefined
  return { etag: found.etag, checksum: found.checksum, versionId: found.versionId }
}
