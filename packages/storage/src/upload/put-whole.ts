import { retry } from '@yuzuru/concurrency/resilience'
import type { ObjectBackend, Written } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import type { ReadPart } from './read-part.ts'
import { callStore, translated } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { lookAtConditions } from './store-conditions.ts'
import type { UploadJob, UploadTarget } from './upload-job.ts'

/** Stores that turned out to compare the header as it stands with an ETag that has no quotes. */
const takesBareEtags = new WeakSet<ObjectBackend>()

/**
 * Stores a body with one request. When its answer is lost, looks whether the object is there.
 */
export async function putWhole(
  job: UploadJob,
  init: ReadPart,
  signal: AbortSignal,
): Promise<Written> {
  const { context, subject, key, attributes, conditions } = job
  const { backend } = context
  const send = async (bareEtag: boolean): Promise<Written> => {
    try {
      return await backend.put(key, { ...init, ...attributes, ...conditions, bareEtag }, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw translated(context, subject, 'idempotent', error)
    }
  }
  const attempt = async (): Promise<Written> => {
    const bare = takesBareEtags.has(backend)
    try {
      return await send(bare)
    } catch (error) {
      if (bare || !mayBeTheQuotes(job, error)) throw error
      await lookAtConditions(job, conditions, signal)
      const written = await send(true)
      takesBareEtags.add(backend)
      return written
    }
  }
  // Each attempt answers for its request: what the store turned away may be sent again.
  const answered = (): Promise<Written> =>
    callStore(context, subject, 'idempotent', undefined, attempt)
  const conditional = conditions.ifMatch !== undefined || conditions.ifNoneMatch !== undefined
  try {
    // Without a condition the transport has repeated it already.
    return conditional ? await retry(answered) : await attempt()
  } catch (error) {
    if (!StorageError.isInstance(error) || error.outcome !== 'unknown' || signal.aborted)
      throw error
    const found = await headOrNothing(job, signal)
    if (found === undefined || !isSame(found, init)) throw error
    return { etag: found.etag, checksum: found.checksum, versionId: found.versionId }
  }
}

/** What is stored under the key of an upload whose end is not known. */
export async function headOrNothing(
  { context, key }: UploadTarget,
  signal: AbortSignal,
): Promise<ObjectInfo | undefined> {
  try {
    return await context.backend.head(key, signal)
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

function mayBeTheQuotes({ context, conditions }: UploadJob, error: unknown): boolean {
  if (context.backend.keepsConditions || conditions.ifMatch === undefined) return false
  return StorageError.isInstance(error) && error.code === 'precondition_failed'
}

function isSame(found: ObjectInfo, { body, digest }: ReadPart): boolean {
  if (found.bytes !== body.byteLength || found.etag === '') return false
  const { checksum, etag, etagIsMd5 } = found
  if (checksum?.algorithm === digest.algorithm) return checksum.value === digest.value
  if (digest.algorithm !== 'MD5' || !etagIsMd5) return false
  return etag === Buffer.from(digest.value, 'base64').toString('hex')
}
