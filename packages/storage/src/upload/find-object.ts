import { throwIfCancelled } from '@yuzuru/concurrency'
import type { ObjectInfo } from '../store/object-info.ts'
import { type ObjectTarget, step } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'

/** The object under a key; `undefined` if there is none. */
export async function findObject(target: ObjectTarget): Promise<ObjectInfo | undefined> {
  const { context, key } = target
  try {
    return await step(target, 'head', (signal) => context.backend.head(key, signal))
  } catch (error) {
    if (StorageError.isInstance(error) && error.code === 'not_found') return undefined
    throw error
  }
}

/** The same, but `undefined` also if that cannot be found out. */
export async function findIfPossible(target: ObjectTarget): Promise<ObjectInfo | undefined> {
  try {
    return await findObject(target)
  } catch {
    throwIfCancelled()
    return undefined
  }
}
