import type { ChecksumAlgorithm } from '../store/checksum.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { ByteRange, ClosedRange } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'

/** The checksum that bytes must have. */
export interface ExpectedChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** In base64. */
  readonly value: string
}

/** The requested range, with both ends known. */
export function askedRange(info: ObjectInfo, range: ByteRange | undefined): ClosedRange {
  const last = info.bytes - 1
  if (range === undefined) return { start: 0, end: last }
  return { start: range.start, end: Math.min(range.end ?? last, last) }
}

/**
 * The checksum by which a range can be verified: that of the whole object if the range is all of it, or an
 * ETag that is its MD5.
 *
 * @throws {StorageError} `'unsupported'` when it is required and there is none
 */
export function expectedChecksum(
  subject: ObjectCall,
  info: ObjectInfo,
  { start, end }: ClosedRange,
  verify: boolean | 'required',
): ExpectedChecksum | undefined {
  const whole = end - start + 1 === info.bytes
  const expected = verify !== false && whole ? ofWhole(info) : undefined
  if (expected !== undefined || verify !== 'required') return expected
  const detail = 'the object has no checksum that covers its bytes; download it without "verify"'
  throw failure(subject, 'unsupported', { outcome: 'none', detail })
}

/** Throws unless a digest is the expected one. */
export function expectMatch(
  subject: ObjectCall,
  expected: ExpectedChecksum | undefined,
  digest: Buffer | undefined,
): void {
  if (expected === undefined || digest?.toString('base64') === expected.value) return
  throw failure(subject, 'checksum_mismatch', { outcome: 'none' })
}

function ofWhole({ checksum, etag, etagIsMd5 }: ObjectInfo): ExpectedChecksum | undefined {
  if (checksum?.type === 'FULL_OBJECT') return checksum
  if (!etagIsMd5) return undefined
  return { algorithm: 'MD5', value: Buffer.from(etag, 'hex').toString('base64') }
}
