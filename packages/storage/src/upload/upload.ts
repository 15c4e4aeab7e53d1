import { failure, notRetryable } from '../store/failure.ts'
import type { Checksum } from '../store/checksum.ts'
import { expectKey } from '../store/object-key.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { uploadInParts } from './multipart.ts'
import { MAX_OBJECT_BYTES } from './part-plan.ts'
import { type Part, PartReader } from './part-reader.ts'
import { putWhole } from './put-whole.ts'
import type { UploadBody } from './upload-body.ts'
import { planUpload, type UploadPlan } from './upload-plan.ts'
import { UploadSource } from './upload-source.ts'
import type { Stored, UploadTarget } from './upload-target.ts'
import {
  expectAttributes,
  expectConditions,
  expectUploadOptions,
  type UploadOptions,
} from './write-options.ts'

/*
 * The life of an upload:
 * 1. The arguments are checked, and the body too: a source that is used up is refused.
 * 2. `callStore` admits the call in a scope of its own. What is sent does not count as an effect yet.
 * 3. The body is opened and planned: how large its parts are, and which of them the store has already.
 *  4. The first part is read, hashed as its bytes come, in memory that all uploads of a storage share.
 *  5. If that is all, one PUT stores it.
 * 6. Otherwise an upload is begun at the store, its token is handed over, and the parts are sent as they
 *    are read.
 * 7. The last step, the PUT or the completion, is the only one with an effect. If its answer is lost, the
 *    object shows what became of it.
 * 8. A failure before that is undone: the parts in flight end, the upload is removed, the outcome is
 *    `none`.
 *  9. The checksum of what the store has is compared with that of what was read.
 * 10. In every case the source is ended and its memory released.
 *
 * docs/semantics.md says what a scope does to a call (rules 1 to 4), and how outcomes add up (rule 20).
 */

/** An object that was uploaded. */
export interface UploadResult {
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  readonly bytes: number
  /** The checksum of the bytes that were read from the body. */
  readonly checksum: Checksum
  /** Whether the store confirmed that checksum; `false` for a store that does not know checksums. */
  readonly checksumConfirmed: boolean
  readonly versionId?: string
}

/** Uploads a body: in one request if it fits into a part, else in parts. */
export async function upload(
  storage: StorageContext,
  key: string,
  body: UploadBody,
  options: UploadOptions = {},
): Promise<UploadResult> {
  expectKey(key)
  expectUploadOptions(options)
  const init = { attributes: expectAttributes(options), conditions: expectConditions(options) }
  const subject = { operation: 'upload', key }
  const source = new UploadSource(body, subject, options.maxBytes ?? MAX_OBJECT_BYTES)
  try {
    return await callStore(
      storage,
      subject,
      'idempotent',
      options,
      async (signal, progress, context) => {
        progress.sent = false
        try {
          const target = { context, subject, key, signal, progress, ...init }
          await source.open()
          const plan = await planUpload(target, source.length, options)
          const parts = new PartReader(target, plan, source)
          return confirmed(target, await store(target, plan, parts))
        } finally {
          source.close(signal.reason)
        }
      },
    )
  } catch (error) {
    // A second call needs a new source.
    throw source.isOneShot && StorageError.isInstance(error) ? notRetryable(error, ONE_SHOT) : error
  } finally {
    // Even if the call was not admitted.
    source.close()
  }
}

const ONE_SHOT = 'to try again, give a new source, as this one can be read only once'

/** Reads the first part, which shows whether it is all, and sends the body. */
async function store(target: UploadTarget, plan: UploadPlan, parts: PartReader): Promise<Stored> {
  const { budget, buffers } = target.context
  let first: Part | undefined
  try {
    first = await parts.next()
    const isWhole = plan.resumed === undefined && (await parts.atEnd())
    return isWhole
      ? await putWhole(target, plan, first)
      : await uploadInParts(target, plan, parts, first)
  } finally {
    // It was released if the part has arrived; releasing it twice does no harm.
    first?.permit.release()
    if (budget.isIdle) buffers.clear()
  }
}

/** Compares the checksum of the store with that of the bytes that were read. */
function confirmed({ key, subject }: UploadTarget, stored: Stored): UploadResult {
  const { written, checksum, bytes } = stored
  const { etag, versionId } = written
  const said = written.checksum
  const isComparable = said?.algorithm === checksum.algorithm && said.type === checksum.type
  if (isComparable && said.value !== checksum.value) {
    throw failure(subject, 'checksum_mismatch', { outcome: 'unknown' })
  }
  // A store that took a wrong Content-MD5 would break a rule that is older than S3 (RFC 1864).
  const checksumConfirmed = isComparable || checksum.algorithm === 'MD5'
  const version = versionId === undefined ? {} : { versionId }
  return { key, etag, bytes, checksum, checksumConfirmed, ...version }
}
