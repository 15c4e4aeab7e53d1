import type { Outcome } from '@yuzuru/concurrency'
import { failure } from './failure.ts'
import type { ObjectInfo, WriteConditions } from './object-info.ts'
import { unquoted } from './s3-fields.ts'
import { translated } from './storage-context.ts'
import { StorageError } from './storage-error.ts'
import type { UploadTarget } from './upload-job.ts'

/**
 * Holds an object to conditions by looking at it, next to a request to a store that would pass over them
 * (`keepsConditions`). Another writer may come in between: such a store offers nothing better.
 *
 * @param outcome of the failure: `'unknown'` when the request was sent already
 * @throws {StorageError} `'precondition_failed'`
 */
export async function lookAtConditions(
  target: UploadTarget,
  { ifMatch, ifNoneMatch }: WriteConditions,
  signal: AbortSignal,
  outcome: Outcome = 'none',
): Promise<void> {
  if (target.context.backend.keepsConditions) return
  if (ifMatch === undefined && ifNoneMatch === undefined) return
  const found = await find(target, signal)
  const holds = ifMatch === undefined ? found === undefined : found?.etag === unquoted(ifMatch)
  if (!holds) throw failure(target.subject, 'precondition_failed', { outcome })
}

async function find(
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
