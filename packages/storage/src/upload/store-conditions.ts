import type { Outcome } from '@yuzuru/concurrency'
import { failure } from '../store/failure.ts'
import { findObject } from './find-object.ts'
import type { WriteConditions } from '../store/object-info.ts'
import { unquoted } from '../s3/s3-fields.ts'
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
  const found = await findObject(target, signal)
  const holds = ifMatch === undefined ? found === undefined : found?.etag === unquoted(ifMatch)
  if (!holds) throw failure(target.subject, 'precondition_failed', { outcome })
}
