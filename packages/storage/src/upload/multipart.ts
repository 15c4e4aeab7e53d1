import { currentSignal, type IoProgress, taskGroup } from '@yuzuru/concurrency'
import { type Permit } from '@yuzuru/concurrency/sync'
import { completeUpload } from './complete-upload.ts'
import { failure } from '../store/failure.ts'
import { findObject } from './find-object.ts'
import type { UploadedPart } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { beginUpload, discardUpload } from './open-upload.ts'
import { MAX_PARTS, partSize } from './part-plan.ts'
import { type ReadPart, readPart } from './read-part.ts'
import { isPresent } from './resume-upload.ts'
import { unquoted } from '../s3/s3-fields.ts'
import { translated, uncounted } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { expectDigest, type Stored, type UploadJob } from './upload-job.ts'
import { ticketSeal } from './upload-ticket.ts'
import { wholeChecksum } from './whole-checksum.ts'

interface FilledPart extends ReadPart {
  /** Room in the budget, given back when the part has arrived. */
  readonly permit: Permit | undefined
}

/** A part that has arrived. */
interface SentPart extends UploadedPart {
  readonly bytes: number
}

/**
 * Uploads in parts. Whatever ends it before its last step, nothing is left of it: parts in flight are
 * cancelled and awaited, and the upload is removed before the error is thrown. Only where somebody took
 * the token to resume it, it stays.
 *
 * @param first its room is given back as soon as it has arrived; where it does not, by the caller
 */
export async function uploadInParts(
  job: UploadJob,
  first: FilledPart,
  signal: AbortSignal,
  progress: IoProgress,
): Promise<Stored> {
  const { context, key, algorithm, subject } = job
  const uploadId = await openUpload(job, signal)
  let kept = job.resumed !== undefined
  try {
    kept ||= await handOverToken(job, uploadId, signal)
    // Its beginning is not cut off by a cancel; what follows does not begin then.
    signal.throwIfAborted()
    const parts = await sendParts(job, uploadId, first, signal)
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
    const checksum = wholeChecksum(algorithm, parts)
    expectDigest(subject, job.expectedDigest, checksum.value)
    progress.sent = !context.backend.tellsWhenSent
    const init = { uploadId, parts, bytes, checksum, ...job.conditions }
    const written = await completeUpload(job, init, signal)
    context.uploads.end(uploadId)
    return { written, checksum, bytes }
  } catch (error) {
    // Who has the token decides whether it goes on.
    if (kept) context.uploads.end(uploadId)
    else await discardUpload(context, key, uploadId)
    throw error
  }
}

async function openUpload(job: UploadJob, signal: AbortSignal): Promise<string> {
  const { context, subject, resumed, onResumeToken } = job
  if (resumed === undefined) {
    // A storage that can't seal a token says so before anything is sent.
    if (onResumeToken !== undefined) await ticketSeal(context, subject)
    await askFirst(job, signal)
    return await beginUpload(job, signal)
  }
  const { uploadId } = resumed.ticket
  context.uploads.begin(uploadId)
  return uploadId
}

/**
 * Looks whether a condition holds before a large body is sent: the store holds the last step to it alone. Who may
 * write but not read is not told anything by that, and finds out at the end.
 */
async function askFirst(job: UploadJob, signal: AbortSignal): Promise<void> {
  const { ifMatch, ifNoneMatch } = job.conditions
  if (ifMatch === undefined && ifNoneMatch === undefined) return
  let found: ObjectInfo | undefined
  try {
    found = await findObject(job, signal)
  } catch (error) {
    if (StorageError.isInstance(error) && error.code === 'access_denied') return
    throw error
  }
  const holds = ifMatch === undefined ? found === undefined : found?.etag === unquoted(ifMatch)
  if (!holds) throw failure(job.subject, 'precondition_failed', { outcome: 'none' })
}

/** Gives the token to whoever wants it; from then on the parts are his. */
async function handOverToken(
  { context, subject, key, body, partBytes, algorithm, onResumeToken }: UploadJob,
  uploadId: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (onResumeToken === undefined) return false
  const { bucket } = context.backend
  const ticket = { bucket, key, uploadId, bytes: body.length, partBytes, algorithm } as const
  try {
    const seal = await ticketSeal(context, subject)
    await onResumeToken(seal.seal({ kind: 'resume', ...ticket }))
    return true
  } catch (cause) {
    signal.throwIfAborted()
    const told = '"onResumeToken" threw, so nobody can go on with it; nothing was stored'
    throw failure(subject, 'unexpected', { outcome: 'none', told, cause })
  }
}

async function sendParts(
  job: UploadJob,
  uploadId: string,
  first: FilledPart,
  signal: AbortSignal,
): Promise<SentPart[]> {
  const { context, subject, reader } = job
  const parts: SentPart[] = []
  try {
    await taskGroup(
      async (group) => {
        let part = first
        for (let number = 1; ; number += 1) {
          const current = part
          try {
            group.spawn(() => sendPart(job, uploadId, number, current, parts), { name: 'part' })
          } catch (error) {
            current.permit?.release()
            throw error
          }
          if (await reader.atEnd(currentSignal() ?? signal)) return
          if (number === MAX_PARTS) throw failure(subject, 'too_large', { outcome: 'none' })
          part = await fillPart(job, number + 1, currentSignal() ?? signal)
        }
      },
      { name: 'storage.upload' },
    )
  } catch (error) {
    signal.throwIfAborted()
    // What the other parts met was most likely the same.
    const failed: unknown = error instanceof AggregateError ? error.errors[0] : error
    // Nothing but parts were sent: there is no object.
    throw translated(context, subject, 'read', failed)
  }
  return parts
}

async function fillPart(job: UploadJob, number: number, signal: AbortSignal): Promise<FilledPart> {
  const { context, partBytes, plannedBytes } = job
  const size = partSize(number, partBytes, plannedBytes)
  const lease = context.budget.open(size)
  try {
    return { ...(await readPart(job, size, signal, lease)), permit: lease }
  } catch (error) {
    lease.release()
    throw error
  }
}

async function sendPart(
  job: UploadJob,
  uploadId: string,
  number: number,
  { body, digest, sha256, permit }: FilledPart,
  parts: SentPart[],
): Promise<void> {
  const { context, key, onProgress } = job
  try {
    const signal = currentSignal() as AbortSignal
    const init = { uploadId, number, body, digest, sha256 }
    const there = job.resumed?.present.get(number)
    const etag = isPresent(there, body, digest)
      ? there.etag
      : await uncounted(() => context.backend.putPart(key, init, signal))
    parts[number - 1] = { number, etag, digest, bytes: body.byteLength }
    context.buffers.give(body)
  } finally {
    permit?.release()
  }
  const sentBytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  onProgress?.({ sentBytes, totalBytes: job.body.length })
}
