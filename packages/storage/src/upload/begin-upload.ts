import { currentClock, shield, type Timer } from '@yuzuru/concurrency'
import type { CreateUploadInit } from '../store/object-backend.ts'
import { type ObjectTarget, step } from '../store/storage-context.ts'

/**
 * How long a cancelled upload waits for the id of the multipart upload that it has begun, so that it can
 * remove it, in milliseconds.
 */
const ID_GRACE_MS = 2_000

/**
 * Begins a multipart upload and returns its id. A cancel does not abort the request, as its answer has the
 * id of what must be removed.
 */
export async function beginUpload(target: ObjectTarget, init: CreateUploadInit): Promise<string> {
  const { context, key, signal: around } = target
  around.throwIfAborted()
  const uploadId = await shield(
    async (scope) => {
      let timer: Timer | undefined
      const giveUp = (): void => {
        timer = currentClock().schedule(ID_GRACE_MS, () => scope.cancel())
      }
      around.addEventListener('abort', giveUp, { once: true })
      try {
        return await step(target, 'createUpload', (signal) =>
          context.backend.createUpload(key, init, signal),
        )
      } catch (error) {
        around.throwIfAborted()
        throw error
      } finally {
        around.removeEventListener('abort', giveUp)
        timer?.cancel()
      }
    },
    { name: 'storage.upload.begin' },
  )
  context.uploads.begin(uploadId)
  return uploadId
}
