import type { IoOptions } from '@yuzuru/concurrency'
import type { ObjectInfo } from '../store/object-info.ts'
import { expectKey } from '../store/object-key.ts'
import { StorageError } from '../store/storage-error.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'

/** Reads what is known of an object without its bytes. */
export async function head(
  context: StorageContext,
  key: string,
  options?: IoOptions,
): Promise<ObjectInfo> {
  expectKey(key)
  return await callStore(context, { operation: 'head', key }, 'read', options, (signal) =>
    context.backend.head(key, signal),
  )
}

/** Whether there is an object. A missing bucket or permission is an error, not `false`. */
export async function exists(
  context: StorageContext,
  key: string,
  options?: IoOptions,
): Promise<boolean> {
  try {
    await head(context, key, options)
    return true
  } catch (error) {
    if (StorageError.isInstance(error) && error.code === 'not_found') return false
    throw error
  }
}

/** The shortest list. It needs no object, and its errors have a body, unlike those of HEAD. */
const ONE_KEY = {
  prefix: '',
  delimiter: undefined,
  pageSize: 1,
  startAfter: undefined,
  token: undefined,
}

/** Throws unless the bucket can be read. */
export async function health(context: StorageContext, options?: IoOptions): Promise<void> {
  await callStore(context, { operation: 'health' }, 'read', options, async (signal) => {
    await context.backend.list(ONE_KEY, signal)
  })
}
