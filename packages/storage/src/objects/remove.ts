import { expected } from '@yuzuru/concurrency/boundary'
import type { IoOptions } from '@yuzuru/concurrency'
import { mapConcurrent } from '@yuzuru/concurrency/tasks'
import { retry } from '@yuzuru/concurrency/resilience'
import { failure, withUnknownOutcome } from '../store/failure.ts'
import { list } from './list.ts'
import type { DeleteFailure } from '../store/object-backend.ts'
import { expectKey } from '../store/object-key.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'

/** How many keys one request may name (S3 API, DeleteObjects). */
const BATCH = 1_000

/**
 * What XML 1.0 has no way to write, not even as a reference: a store refuses a document with it, and all the other
 * keys in that. https://www.w3.org/TR/xml/#charsets
 */
// oxlint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/** Deletes an object. It is not an error if there is none. */
export async function remove(
  context: StorageContext,
  key: string,
  options?: IoOptions,
): Promise<void> {
  expectKey(key)
  await callStore(context, { operation: 'delete', key }, 'idempotent', options, (signal) =>
    context.backend.delete(key, undefined, signal),
  )
}

/**
 * Deletes objects, a thousand with each request; a key with control characters in it has a request of its own.
 *
 * @returns how many keys were named
 */
export async function removeMany(
  context: StorageContext,
  keys: Iterable<string> | AsyncIterable<string>,
  options?: IoOptions,
): Promise<number> {
  if (typeof keys !== 'object' || keys === null) {
    throw expected('keys to be iterable', keys)
  }
  const subject = { operation: 'deleteMany' }
  return await callStore(
    context,
    subject,
    'idempotent',
    options,
    async (_signal, _progress, within) => {
      let begun = 0
      let count = 0
      const removeOne = (batch: readonly string[]): Promise<number> => {
        begun += 1
        return removeBatch(within, batch)
      }
      const how = { concurrency: 3, name: 'storage.deleteMany' }
      try {
        for await (const deleted of mapConcurrent(batched(keys), removeOne, how)) count += deleted
      } catch (error) {
        const failed: unknown = error instanceof AggregateError ? error.errors[0] : error
        // The outcome of one batch says nothing of the batches before and beside it.
        throw StorageError.isInstance(failed) && begun > 1 ? withUnknownOutcome(failed) : failed
      }
      return count
    },
  )
}

/** Deletes all objects under a prefix. An empty one is refused: it would empty the bucket. */
export async function removePrefix(
  context: StorageContext,
  prefix: string,
  options: IoOptions = {},
): Promise<number> {
  expectKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix, 'prefix')
  const subject = { operation: 'deletePrefix', key: prefix }
  return await callStore(context, subject, 'idempotent', options, (_signal, _progress, within) =>
    removeMany(within, keysOf(within, prefix)),
  )
}

async function removeBatch(context: StorageContext, batch: readonly string[]): Promise<number> {
  const subject = { operation: 'deleteMany' }
  const [first = ''] = batch
  if (UNWRITABLE.test(first)) {
    await callStore(context, subject, 'idempotent', undefined, (signal) =>
      context.backend.delete(first, undefined, signal),
    )
    return 1
  }
  // The transport does not retry a POST, but this one may be repeated: deleting twice does no harm.
  const failed = await retry(
    () =>
      callStore(context, subject, 'idempotent', undefined, (signal) =>
        context.backend.deleteMany(batch, signal),
      ),
    { idempotent: true },
  )
  if (failed.length > 0) throw notDeleted(failed)
  return batch.length
}

function notDeleted(failed: readonly DeleteFailure[]): Error {
  const [first] = failed
  const detail = `${failed.length} of the keys could not be deleted, the first of them ${JSON.stringify(first?.key)}: ${first?.code}`
  const code = first?.code === 'AccessDenied' ? 'forbidden' : 'unexpected'
  const init = { outcome: 'unknown', detail, retryable: code === 'unexpected' } as const
  return failure({ operation: 'deleteMany' }, code, init)
}

async function* keysOf(
  context: StorageContext,
  prefix: string,
): AsyncGenerator<string, void, undefined> {
  for await (const { key } of list(context, { prefix })) yield key
}

/** A key that cannot be written in XML is alone. */
async function* batched(
  keys: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<readonly string[], void, undefined> {
  let batch: string[] = []
  for await (const key of keys) {
    expectKey(key)
    if (UNWRITABLE.test(key)) {
      yield [key]
      continue
    }
    batch.push(key)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
