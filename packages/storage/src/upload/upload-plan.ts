import type { ChecksumAlgorithm } from '../store/checksum.ts'
import type { ObjectTarget } from '../store/storage-context.ts'
import { type ResumedUpload, resumeUpload } from './resume-upload.ts'
import type { UploadOptions } from './write-options.ts'

/**
 * How a body is sent. It is decided once the length is known, if at all, and whether an earlier upload is
 * resumed.
 */
export interface UploadPlan extends Pick<
  UploadOptions,
  'expectedDigest' | 'onProgress' | 'onResumeToken'
> {
  readonly algorithm: ChecksumAlgorithm
  /** The length of the body, in bytes; `undefined` if it is not known before the end. */
  readonly bytes: number | undefined
  /** The size of its parts, in bytes, until they must grow. */
  readonly partBytes: number
  /** The length by which its parts are planned. A resumed upload keeps its first plan. */
  readonly plannedBytes: number | undefined
  /** The upload that is resumed, if any. */
  readonly resumed: ResumedUpload | undefined
}

/** Plans how to send a body. For an upload that is resumed, asks the store for its parts. */
export async function planUpload(
  target: ObjectTarget,
  bytes: number | undefined,
  options: UploadOptions,
): Promise<UploadPlan> {
  const { checksum, expectedDigest, onProgress, onResumeToken, resume: token } = options
  const { context } = target
  const said = { bytes, expectedDigest, onProgress, onResumeToken }
  if (token === undefined) {
    const { partBytes } = context
    const algorithm = checksum ?? context.algorithm
    return { ...said, algorithm, partBytes, plannedBytes: bytes, resumed: undefined }
  }
  const resumed = await resumeUpload(target, { token, bytes, checksum })
  const { algorithm, partBytes, bytes: plannedBytes } = resumed.ticket
  return { ...said, algorithm, partBytes, plannedBytes, resumed }
}
