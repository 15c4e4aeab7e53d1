import type { ObjectInfo } from '../store/object-info.ts'
import { translated } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import type { UploadTarget } from './upload-job.ts'

/** What is stored under the key of an upload; `undefined` when nothing is. */
export async function findObject(
  { context, subject, key }: UploadTarget,
  signal: AbortSignal,
): Promise<ObjectInfo | undefined> {
  try {
    return await context.backend.head(key, signal)
  } catch (error) {
    signal.throwIfAborted()
    const failed = translated(context, subject, 'read', error)
    if (StorageError.isInstance(failed) && failed.code === 'not_found') return undefined
    throw failed
  }
}
