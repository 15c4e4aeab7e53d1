import { throwIfCancelled } from '@yuzuru/concurrency'
import { mapConcurrent } from '@yuzuru/concurrency/tasks'
import { type Checksum, crcKindOf } from '../store/checksum.ts'
import { completeUpload } from '../upload/complete-upload.ts'
import type { UploadedPart, Written } from '../store/object-backend.ts'
import { attributesOf, type ObjectAttributes, type ObjectInfo } from '../store/object-info.ts'
import { beginUpload } from '../upload/begin-upload.ts'
import { discardUpload } from '../upload/discard-upload.ts'
import { partSize } from '../upload/part-plan.ts'
import { lookAtConditions } from '../upload/store-conditions.ts'
import { type ObjectTarget, step, translated } from '../store/storage-context.ts'

/** Large, as no byte of it passes through this process, but small enough for a store to copy quickly. */
const COPY_PART_BYTES = 512 * 1_024 ** 2

const PARALLEL = 4

export interface CopyInPartsInit {
  /** The source, as HEAD found it. */
  readonly info: ObjectInfo
  /** @default as the source; its tags do not come along */
  readonly attributes: ObjectAttributes | undefined
  readonly partBytes?: number
}

/**
 * Copies an object that is too large for one request. The copy is verified if the checksum is of all bytes.
 */
export async function copyInParts(target: ObjectTarget, init: CopyInPartsInit): Promise<Written> {
  const { context, key } = target
  const { info, partBytes = COPY_PART_BYTES } = init
  const { key: from, etag, bytes } = info
  const attributes = init.attributes ?? attributesOf(info)
  const checksum = wholeOf(info) ?? { algorithm: 'MD5', value: '', type: 'COMPOSITE' }
  const { algorithm } = checksum
  const uploadId = await beginUpload(target, { ...attributes, algorithm })
  try {
    const size = partSize(1, partBytes, bytes)
    const numbers = Array.from({ length: Math.ceil(bytes / size) }, (_, index) => index + 1)
    const copyPart = async (number: number): Promise<UploadedPart> => {
      const start = (number - 1) * size
      const range = { start, end: Math.min(start + size, bytes) - 1 }
      const part = { uploadId, number, range, source: { key: from, etag } }
      const copied = await step(target, 'copyPart', (signal) =>
        context.backend.copyPart(key, part, signal),
      )
      return { number, etag: copied, digest: undefined }
    }
    const parts = await partsOf(target, numbers, copyPart)
    await lookAtConditions({ ...target, key: from }, { ifMatch: etag })
    const written = await completeUpload(target, { uploadId, parts, bytes, checksum })
    context.uploads.end(uploadId)
    return written
  } catch (error) {
    await discardUpload(context, key, uploadId)
    throw error
  }
}

async function partsOf(
  { context, subject }: ObjectTarget,
  numbers: readonly number[],
  copyPart: (number: number) => Promise<UploadedPart>,
): Promise<readonly UploadedPart[]> {
  try {
    const options = { concurrency: PARALLEL, name: 'storage.copy' }
    return await Array.fromAsync(mapConcurrent(numbers, copyPart, options))
  } catch (error) {
    throwIfCancelled()
    const failed: unknown = error instanceof AggregateError ? error.errors[0] : error
    throw translated(context, subject, 'read', failed)
  }
}

function wholeOf({ checksum }: ObjectInfo): Checksum | undefined {
  if (checksum?.type !== 'FULL_OBJECT') return undefined
  return crcKindOf(checksum.algorithm) === undefined ? undefined : checksum
}
