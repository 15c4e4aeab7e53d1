import { currentClock, shield, sleep, type Timer } from '@yuzuru/concurrency'
import { StorageError } from '../store/storage-error.ts'
import { type StorageContext, translated, uncounted } from '../store/storage-context.ts'
import type { UploadJob } from './upload-job.ts'

/** How long a cancelled upload waits for the id of what it has begun, to be able to remove it. */
const ID_GRACE_MS = 2_000

/** How long the removal of an upload may take. */
const DISCARD_MS = 10_000

/**
 * Begins a multipart upload. A cancel does not cut the request off: its answer names what has to be
 * removed.
 */
export async function beginUpload(
  job: Pick<UploadJob, 'context' | 'subject' | 'key' | 'attributes' | 'algorithm'>,
  signal: AbortSignal,
): Promise<string> {
  const { context, key, attributes, algorithm, subject } = job
  signal.throwIfAborted()
  let uploadId: string
  try {
    uploadId = await shield(
      (scope) => {
        let timer: Timer | undefined
        const giveUp = (): void => {
          timer = currentClock().schedule(ID_GRACE_MS, () => scope.cancel())
        }
        signal.addEventListener('abort', giveUp, { once: true })
        const init = { ...attributes, algorithm }
        return uncounted(() => context.backend.createUpload(key, init, scope.signal)).finally(
          () => {
            signal.removeEventListener('abort', giveUp)
            timer?.cancel()
          },
        )
      },
      { name: 'storage.upload.begin' },
    )
  } catch (error) {
    signal.throwIfAborted()
    throw translated(context, subject, 'read', error)
  }
  context.uploads.begin(uploadId)
  return uploadId
}

/**
 * Removes a multipart upload and makes sure that it is gone. Does not throw: what could not be removed
 * is noted, and tried again by `sweepUploads` and `close`.
 *
 * A part that the store was still writing when the upload was aborted can bring it back (S3 API,
 * AbortMultipartUpload), so it is aborted until the store no longer knows it.
 */
export async function discardUpload(
  context: StorageContext,
  key: string,
  uploadId: string,
): Promise<boolean> {
  try {
    await shield(({ signal }) => removeUpload(context, key, uploadId, signal), {
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

async function removeUpload(
  context: StorageContext,
  key: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<void> {
  const { backend } = context
  for (let attempt = 1; ; attempt += 1) {
    let failed: unknown
    try {
      await uncounted(() => backend.abortUpload(key, uploadId, signal))
    } catch (error) {
      failed = translated(context, { operation: 'abort', key }, 'idempotent', error)
      if (isGone(failed)) return
    }
    signal.throwIfAborted()
    const there = await isThere(context, key, uploadId, signal)
    if (there === false || (there === undefined && failed === undefined)) return
    if (attempt === 5) throw failed ?? new Error('the upload was aborted and is still there')
    await sleep(100 * attempt)
  }
}

/** Whether the upload is still there; `undefined`: the store does not say. */
async function isThere(
  { backend }: StorageContext,
  key: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    return await uncounted(() => backend.hasUpload(key, uploadId, signal))
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

function isGone(error: unknown): boolean {
  return StorageError.isInstance(error) && error.code === 'not_found'
}
