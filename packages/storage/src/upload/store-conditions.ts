import { failure } from '../store/failure.ts'
import type { WriteConditions } from '../store/object-info.ts'
import type { ObjectTarget } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { unquoted } from '../s3/s3-fields.ts'
import { findObject } from './find-object.ts'

/**
 * Holds an object to conditions by looking at it, next to a request to a store that would pass over them
 * (`keepsConditions`). Another writer may come in between: such a store offers nothing better.
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
 * Looks whether conditions hold before a large body is sent: the store holds the last step to them alone. With
 * credentials that may write but not read, that shows at the end.
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
