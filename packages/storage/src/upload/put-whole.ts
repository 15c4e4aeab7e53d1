import { retry } from '@yuzuru/concurrency/resilience'
import type { ObjectBackend, Written } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { callStore, translated } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { findIfPossible } from './find-object.ts'
import type { Part } from './part-reader.ts'
import { lookAtConditions } from './store-conditions.ts'
import type { UploadPlan } from './upload-plan.ts'
import { beginLastStep, expectDigest, type Stored, type UploadTarget } from './upload-target.ts'

/** Stores that were found to compare the header, quotes included, with an ETag without quotes. */
const takesBareEtags = new WeakSet<ObjectBackend>()

/** Stores a body that is a single part, with one request. */
export async function putWhole(
  target: UploadTarget,
  { expectedDigest, onProgress }: UploadPlan,
  part: Part,
): Promise<Stored> {
  const { digest, body } = part
  const bytes = body.byteLength
  expectDigest(target.subject, expectedDigest, digest.value)
  beginLastStep(target)
  const written = await putAndLook(target, part)
  target.context.buffers.give(body)
  onProgress?.({ sentBytes: bytes, totalBytes: bytes })
  return { written, checksum: { ...digest, type: 'FULL_OBJECT' }, bytes }
}

/** Puts the object. If the answer is lost, it checks whether the object is there. */
async function putAndLook(target: UploadTarget, part: Part): Promise<Written> {
  const { context, subject, signal } = target
  const { ifMatch, ifNoneMatch } = target.conditions
  const isConditional = ifMatch !== undefined || ifNoneMatch !== undefined
  try {
    // Without a condition the transport has retried it already.
    if (!isConditional) return await put(target, part, signal)
    // Each attempt has its own outcome, so one that the store turned away may be sent again.
    return await retry(() =>
      callStore(context, subject, 'idempotent', undefined, (each) => put(target, part, each)),
    )
  } catch (error) {
    const isUnsure = StorageError.isInstance(error) && error.outcome === 'unknown'
    if (!isUnsure || signal.aborted) throw error
    const found = await findIfPossible(target)
    if (found === undefined || !isSame(found, part)) throw error
    return { etag: found.etag, checksum: found.checksum, versionId: found.versionId }
  }
}

async function put(target: UploadTarget, part: Part, signal: AbortSignal): Promise<Written> {
  const { backend } = target.context
  const bare = takesBareEtags.has(backend)
  try {
    return await send(target, part, bare, signal)
  } catch (error) {
    if (bare || !mayBeTheQuotes(target, error)) throw error
    await lookAtConditions(target, target.conditions)
    const written = await send(target, part, true, signal)
    takesBareEtags.add(backend)
    return written
  }
}

async function send(
  { context, subject, key, attributes, conditions }: UploadTarget,
  { body, digest, sha256 }: Part,
  bareEtag: boolean,
  signal: AbortSignal,
): Promise<Written> {
  try {
    const init = { body, digest, sha256, ...attributes, ...conditions, bareEtag }
    return await context.backend.put(key, init, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw translated(context, subject, 'idempotent', error)
  }
}

function mayBeTheQuotes({ context, conditions }: UploadTarget, error: unknown): boolean {
  if (context.backend.keepsConditions || conditions.ifMatch === undefined) return false
  return StorageError.isInstance(error) && error.code === 'precondition_failed'
}

function isSame(found: ObjectInfo, { body, digest }: Part): boolean {
  if (found.bytes !== body.byteLength || found.etag === '') return false
  const { checksum, etag, etagIsMd5 } = found
  if (checksum?.algorithm === digest.algorithm) return checksum.value === digest.value
  if (digest.algorithm !== 'MD5' || !etagIsMd5) return false
  return etag === Buffer.from(digest.value, 'base64').toString('hex')
}
