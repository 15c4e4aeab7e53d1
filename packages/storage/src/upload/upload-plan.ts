import type { ChecksumAlgorithm } from '../store/checksum.ts'
import type { ObjectTarget } from '../store/storage-context.ts'
import { type ResumedUpload, resumeUpload } from './resume-upload.ts'
import type { UploadOptions } from './write-options.ts'

/** How a body is sent: settled once it is known how long it is, and whether an earlier upload goes on. */
export interface UploadPlan extends Pick<
  UploadOptions,
  'expectedDigest' | 'onProgress' | 'onResumeToken'
> {
  readonly algorithm: ChecksumAlgorithm
  /** How long the body is; `undefined`: that shows at its end. */
  readonly bytes: number | undefined
  /** How large its parts are, as long as they need not grow. */
  readonly partBytes: number
  /** The length by which its parts are planned: an upload that is resumed keeps the plan of its beginning. */
  readonly plannedBytes: number | undefined
  /** An upload that it goes on with. */
  readonly resumed: ResumedUpload | undefined
}

/** Settles how to send a body. Asks the store what it has of an upload that is to go on. */
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
