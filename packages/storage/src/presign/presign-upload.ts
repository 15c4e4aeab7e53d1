import { expectInteger } from '@yuzuru/concurrency/boundary'
import { randomUUID } from 'node:crypto'
import { attributeHeaders } from '../s3/attribute-headers.ts'
import { failure } from '../store/failure.ts'
import type { PresignContext } from '../store/object-backend.ts'
import { expectKey } from '../store/object-key.ts'
import { beginUpload } from '../upload/begin-upload.ts'
import { MAX_OBJECT_BYTES, MAX_PART_BYTES, MIN_PART_BYTES } from '../upload/part-plan.ts'
import { presignUrl } from './presign-url.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'
import { expectExpiry, type ExpiryOptions, expiryOf } from './url-expiry.ts'
import { ticketSeal, type UploadTicket } from '../upload/upload-ticket.ts'
import {
  type AttributeOptions,
  expectAttributes,
  expectConditions,
} from '../upload/write-options.ts'

/** Options of {@link Storage.presignUpload}. */
export interface PresignUploadOptions extends ExpiryOptions, AttributeOptions {
  /** The size of the file, in bytes, as its sender states it. The store takes exactly that many. */
  readonly bytes: number
  /** The largest file that is allowed; a larger one is refused (`'too_large'`). @default 5 TiB */
  readonly maxBytes?: number | undefined
  /**
   * A file beyond this is sent in parts of it, in bytes: 5 MiB to 5 GiB. Grows with the file, so that
   * there are at most 1,000 parts as long as none needs to be above 5 GiB.
   *
   * @default that of the storage
   */
  readonly partSizeBytes?: number | undefined
  /**
   * `'*'`: only if there is no object yet. Without it the URL of a file of one request can be used
   * again, until it expires, for another file of the same size.
   */
  readonly ifNoneMatch?: '*' | undefined
}

/** One request of a {@link PresignedUpload}. */
export interface PresignedPart {
  /** From 1. */
  readonly number: number
  /** Where to PUT exactly `bytes` bytes to. */
  readonly url: string
  readonly bytes: number
  /** The ETag of a part that has arrived: see `presignParts`. */
  readonly etag?: string | undefined
}

/** An upload that a browser may make until it expires; plain data, for JSON. Treat it as a secret. */
export interface PresignedUpload {
  /** For `completeUpload` and `abortUpload`. It can't be altered, nor used for another upload. */
  readonly token: string
  readonly bytes: number
  readonly partSizeBytes: number
  /** In the order of the bytes; one for a small file. */
  readonly parts: readonly PresignedPart[]
  /** The headers that each request must have, exactly as they are. */
  readonly headers: Readonly<Record<string, string>>
  /** The time by which the last request must have begun. */
  readonly expiresAt: Date
}

const MOST_PARTS = 1_000
const MIB = 1_024 ** 2

/** The entry of an object's metadata that says which upload it came from. */
export const UPLOAD_METADATA = 'yuzuru-upload'

/**
 * Lets a browser upload a file: in one request if it fits into a part, else in parts, each bound to its
 * size. There is no object before `completeUpload`, except for a file of one request.
 */
export async function presignUpload(
  context: StorageContext,
  key: string,
  options: PresignUploadOptions,
): Promise<PresignedUpload> {
  expectKey(key)
  const expiresInSeconds = expectExpiry(options)
  const { bytes, maxBytes = MAX_OBJECT_BYTES, partSizeBytes = context.partBytes } = options
  expectInteger('bytes', bytes, 0, Number.MAX_SAFE_INTEGER)
  expectInteger('maxBytes', maxBytes, 0, MAX_OBJECT_BYTES)
  expectInteger('partSizeBytes', partSizeBytes, MIN_PART_BYTES, MAX_PART_BYTES)
  const attributes = expectAttributes(options)
  const { ifNoneMatch } = options
  expectConditions(ifNoneMatch === undefined ? {} : { ifNoneMatch })
  const subject = { operation: 'presignUpload', key }
  if (bytes > maxBytes) {
    const detail = `it has ${bytes} bytes, more than the ${maxBytes} that are allowed`
    throw failure(subject, 'too_large', { outcome: 'none', detail })
  }
  const size = sizeOfParts(bytes, partSizeBytes)
  return await callStore(context, subject, 'idempotent', options, async (signal) => {
    const { backend } = context
    // Everything that can fail comes before there is something to remove.
    const seal = await ticketSeal(context, subject)
    const at = await backend.presigner()
    const isWhole = bytes <= size
    // There is no checksum: each part is verified by its ETag, which the sender received.
    const algorithm = 'MD5'
    const target = { context, subject, key, signal }
    const uploadId = isWhole
      ? randomUUID()
      : await beginUpload(target, { ...attributes, algorithm })
    // From here on the upload belongs to the browser.
    context.uploads.end(uploadId)
    const metadata = { ...attributes.metadata, [UPLOAD_METADATA]: uploadId }
    const once = ifNoneMatch === undefined ? {} : { 'if-none-match': '*' }
    const headers = isWhole ? { ...attributeHeaders({ ...attributes, metadata }), ...once } : {}
    const ticket: UploadTicket = {
      kind: isWhole ? 'whole' : 'parts',
      bucket: backend.bucket,
      key,
      uploadId,
      bytes,
      partBytes: size,
      algorithm,
      ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
      ...(isWhole ? { headers } : {}),
    }
    const expiresAt = expiryOf(at, expiresInSeconds, backend)
    const parts = signParts(ticket, at, expiresInSeconds)
    return { token: seal.seal(ticket), bytes, partSizeBytes: size, parts, headers, expiresAt }
  })
}

/**
 * The requests of an upload, each bound to its size.
 *
 * @param arrived the ETags of parts that have arrived, by number
 */
export function signParts(
  ticket: UploadTicket,
  at: PresignContext,
  expiresInSeconds: number,
  arrived: ReadonlyMap<number, string> = new Map(),
): readonly PresignedPart[] {
  const { kind, key, uploadId, headers = {} } = ticket
  return partsOf(ticket).map(({ number, bytes }) => {
    const query = kind === 'whole' ? {} : { partNumber: String(number), uploadId }
    const bound = { ...headers, 'content-length': String(bytes) }
    const request = { method: 'PUT', key, query, headers: bound, expiresInSeconds } as const
    const etag = arrived.get(number)
    const url = presignUrl({ ...request, ...at })
    return etag === undefined ? { number, bytes, url } : { number, bytes, url, etag }
  })
}

/** The parts that an upload must have. */
export function partsOf({
  bytes = 0,
  partBytes,
}: Pick<UploadTicket, 'bytes' | 'partBytes'>): readonly { number: number; bytes: number }[] {
  const count = Math.max(1, Math.ceil(bytes / partBytes))
  return Array.from({ length: count }, (_, index) => {
    return { number: index + 1, bytes: Math.min(partBytes, bytes - index * partBytes) }
  })
}

function sizeOfParts(bytes: number, asked: number): number {
  const least = Math.ceil(bytes / MOST_PARTS / MIB) * MIB
  return Math.min(MAX_PART_BYTES, Math.max(asked, least))
}
