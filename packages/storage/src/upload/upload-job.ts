import type { Checksum, ChecksumAlgorithm } from '../store/checksum.ts'
import { failure, type Subject } from '../store/failure.ts'
import type { Written } from '../store/object-backend.ts'
import type { ObjectAttributes, WriteConditions } from '../store/object-info.ts'
import type { PartReader } from './part-reader.ts'
import type { StorageContext } from '../store/storage-context.ts'
import type { OpenBody } from './open-body.ts'
import type { ResumedUpload } from './resume-upload.ts'
import type { UploadProgress } from './write-options.ts'

/** Where something is uploaded to, on whose behalf. */
export interface UploadTarget {
  readonly context: StorageContext
  readonly subject: Subject
  readonly key: string
}

/** An upload that is under way. */
export interface UploadJob extends UploadTarget {
  readonly body: OpenBody
  readonly reader: PartReader
  readonly attributes: ObjectAttributes
  readonly conditions: WriteConditions
  readonly algorithm: ChecksumAlgorithm
  /** How large its parts are, as long as they need not grow. */
  readonly partBytes: number
  /** The length of the body as its parts were planned by it: a resumed upload keeps its plan. */
  readonly plannedBytes: number | undefined
  /** An upload that it goes on with. */
  readonly resumed: ResumedUpload | undefined
  /** Takes the token with which it may go on later; then its parts stay when it fails. */
  readonly onResumeToken: ((token: string) => void | Promise<void>) | undefined
  readonly expectedDigest: string | undefined
  readonly onProgress: ((progress: UploadProgress) => void) | undefined
}

/** What was stored, and what the bytes were. */
export interface Stored {
  readonly written: Written
  readonly checksum: Checksum
  readonly bytes: number
}

/** Refuses bytes that are not those which were announced, before they are stored. */
export function expectDigest(subject: Subject, expected: string | undefined, value: string): void {
  if (expected === undefined || expected === value) return
  const told = 'the bytes of its body do not have the expected digest; nothing was stored'
  throw failure(subject, 'checksum_mismatch', { outcome: 'none', retryable: false, told })
}
