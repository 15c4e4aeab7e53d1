import type { IoProgress } from '@yuzuru/concurrency'
import type { Checksum } from '../store/checksum.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { Written } from '../store/object-backend.ts'
import type { ObjectAttributes, WriteConditions } from '../store/object-info.ts'
import type { ObjectTarget } from '../store/storage-context.ts'

/** Where a body goes, and with which attributes. */
export interface UploadTarget extends ObjectTarget {
  readonly attributes: ObjectAttributes
  readonly conditions: WriteConditions
  readonly progress: IoProgress
}

/** What was stored, and the digests of the bytes that were read. */
export interface Stored {
  readonly written: Written
  readonly checksum: Checksum
  readonly bytes: number
}

/** Notes that the next request makes an object. Some backends report by themselves when they send one. */
export function beginLastStep({ context, progress }: UploadTarget): void {
  progress.sent = !context.backend.tellsWhenSent
}

/**
 * Checks bytes against the announced digest before they are stored.
 *
 * @throws {StorageError} `'checksum_mismatch'`
 */
export function expectDigest(
  subject: ObjectCall,
  expected: string | undefined,
  value: string,
): void {
  if (expected === undefined || expected === value) return
  const detail = 'the bytes of its body do not have the expected digest'
  throw failure(subject, 'checksum_mismatch', { outcome: 'none', retryable: false, detail })
}
