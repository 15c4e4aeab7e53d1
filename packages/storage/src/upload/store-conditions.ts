import { failure } from '../store/failure.ts'
import type { WriteConditions } from '../store/object-info.ts'
import type { ObjectTarget } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { unquoted } from '../s3/s3-fields.ts'
import { findObject } from './find-object.ts'

/**
 * Checks conditions by reading the object before a request to a store that ignores them
 * (`keepsConditions`). Another writer may come in between, but such a store offers nothing better.
 *
 * @throws {StorageError} `'precondition_failed'`
 */
export async function lookAtConditions(
  target: ObjectTarget,
  conditions: WriteConditions,
): Promise<void> {
  if (!target.context.backend.keepsConditions) await expectConditionsNow(target, conditions)
}

/**
 * Checks conditions before a large body is sent, as the store checks them only at the last step. With
 * credentials that may write but not read, a failure shows only at the end.
 *
 * @throws {StorageError} `'precondition_failed'`
 */
export async function askConditionsFirst(
  target: ObjectTarget,
  conditions: WriteConditions,
): Promise<void> {
  try {
    await expectConditionsNow(target, conditions)
  } catch (error) {
    if (StorageError.isInstance(error) && error.code === 'forbidden') return
    throw error
  }
}

async function expectConditionsNow(
  target: ObjectTarget,
  { ifMatch, ifNoneMatch }: WriteConditions,
): Promise<void> {
  if (ifMatch === undefined && ifNoneMatch === undefined) return
  const found = await findObject(target)
  const holds = ifMatch === undefined ? found === undefined : found?.etag === unquoted(ifMatch)
  if (!holds) throw failure(target.subject, 'precondition_failed', { outcome: 'none' })
}
