import { mapConcurrent } from '@yuzuru/concurrency'
import { type Checksum, crcKindOf } from '../store/checksum.ts'
import { completeUpload } from '../upload/complete-upload.ts'
import type { Subject } from '../store/failure.ts'
import type { UploadedPart, Written } from '../store/object-backend.ts'
import { attributesOf, type ObjectAttributes, type ObjectInfo } from '../store/object-info.ts'
import { beginUpload, discardUpload } from '../upload/open-upload.ts'
import { partSize } from '../upload/part-plan.ts'
import { lookAtConditions } from '../upload/store-conditions.ts'
import { type StorageContext, translated, uncounted } from '../store/storage-context.ts'

/** Large, as no byte of it comes here; small enough for a store to copy in a moment. */
const COPY_PART_BYTES = 512 * 1_024 ** 2

const PARALLEL = 4

export interface CopyInPartsInit {
  /** The source as it was found. */
  readonly info: ObjectInfo
  readonly to: string
  /** @default as the source; its tags do not come along */
  readonly attributes: ObjectAttributes | undefined
  readonly partBytes?: number
}

/** Copies an object that is too large for one request, held to its checksum if that is of all its bytes. */
export async function copyInParts(
  context: StorageContext,
  subject: Subject,
  init: CopyInPartsInit,
  signal: AbortSignal,
): Promise<Written> {
  const { info, to: key, partBytes = COPY_PART_BYTES } = init
  const { key: from, etag, bytes } = info
  const attributes = init.attributes ?? attributesOf(info)
  const checksum = wholeOf(info) ?? { algorithm: 'MD5', value: '', type: 'COMPOSITE' }
  const target = { context, subject, key }
  const begin = { ...target, attributes, algorithm: checksum.algorithm }
  const uploadId = await beginUpload(begin, signal)
  try {
    const size = partSize(1, partBytes, bytes)
    const numbers = Array.from({ length: Math.ceil(bytes / size) }, (_, index) => index + 1)
    const copyPart = async (number: number): Promise<UploadedPart> => {
      const start = (number - 1) * size
      const range = { start, end: Math.min(start + size, bytes) - 1 }
      const part = { uploadId, number, range, source: { key: from, etag } }
      const copied = await uncounted(() => context.backend.copyPart(key, part, signal))
      return { number, etag: copied, digest: undefined }
    }
    const parts = await partsOf(target, numbers, copyPart, signal)
    await lookAtConditions({ context, subject, key: from }, { ifMatch: etag }, signal)
    const written = await completeUpload(target, { uploadId, parts, bytes, checksum }, signal)
    context.uploads.end(uploadId)
    return written
  } catch (error) {
    await discardUpload(context, key, uploadId)
    throw error
  }
}

async function partsOf(
  { context, subject }: { readonly context: StorageContext; readonly subject: Subject },
  numbers: readonly number[],
  copyPart: (number: number) => Promise<UploadedPart>,
  signal: AbortSignal,
): Promise<readonly UploadedPart[]> {
  try {
    const options = { concurrency: PARALLEL, name: 'storage.copy' }
    return await Array.fromAsync(mapConcurrent(numbers, copyPart, options))
  } catch (error) {
    signal.throwIfAborted()
    const failed: unknown = error instanceof AggregateError ? error.errors[0] : error
    throw translated(context, subject, 'read', failed)
  }
}

function wholeOf({ checksum }: ObjectInfo): Checksum | undefined {
  if (checksum?.type !== 'FULL_OBJECT') return undefined
  return crcKindOf(checksum.algorithm) === undefined ? undefined : checksum
}
