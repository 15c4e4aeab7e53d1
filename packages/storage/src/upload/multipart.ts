import { throwIfCancelled } from '@yuzuru/concurrency'
import { failure } from '../store/failure.ts'
import { beginUpload } from './begin-upload.ts'
import { completeUpload } from './complete-upload.ts'
import { discardUpload } from './discard-upload.ts'
import type { Part, PartReader } from './part-reader.ts'
import { sendParts } from './send-parts.ts'
import { askConditionsFirst } from './store-conditions.ts'
import type { UploadPlan } from './upload-plan.ts'
import { beginLastStep, expectDigest, type Stored, type UploadTarget } from './upload-target.ts'
import { ticketSeal } from './upload-ticket.ts'
import { wholeChecksum } from './whole-checksum.ts'

/**
 * Uploads in parts. If anything ends it before its last step, nothing is left: parts in flight are
 * cancelled and awaited, and the upload is removed before the error is thrown. It stays only if the caller
 * received a token to resume it.
 *
 * @param first its room is released as soon as it has arrived; if it does not arrive, the caller releases
 *   it
 */
export async function uploadInParts(
  target: UploadTarget,
  plan: UploadPlan,
  parts: PartReader,
  first: Part,
): Promise<Stored> {
  const { context, subject, key, conditions } = target
  const uploadId = await openUpload(target, plan)
  let isKept = plan.resumed !== undefined
  try {
    isKept ||= await handOverToken(target, plan, uploadId)
    // A cancel does not abort the beginning of the upload, but nothing further begins.
    throwIfCancelled()
    const sent = await sendParts(target, plan, parts, first, uploadId)
    const bytes = sent.reduce((sum, part) => sum + part.bytes, 0)
    const checksum = wholeChecksum(plan.algorithm, sent)
    expectDigest(subject, plan.expectedDigest, checksum.value)
    beginLastStep(target)
    const init = { uploadId, parts: sent, bytes, checksum, ...conditions }
    const written = await completeUpload(target, init)
    context.uploads.end(uploadId)
    return { written, checksum, bytes }
  } catch (error) {
    // The holder of the token decides whether the upload goes on.
    if (isKept) context.uploads.end(uploadId)
    else await discardUpload(context, key, uploadId)
    throw error
  }
}

async function openUpload(target: UploadTarget, plan: UploadPlan): Promise<string> {
  const { context, subject, attributes, conditions } = target
  const { resumed, onResumeToken, algorithm } = plan
  if (resumed !== undefined) {
    const { uploadId } = resumed.ticket
    context.uploads.begin(uploadId)
    return uploadId
  }
  // A storage that cannot seal a token throws before anything is sent.
  if (onResumeToken !== undefined) await ticketSeal(context, subject)
  await askConditionsFirst(target, conditions)
  return await beginUpload(target, { ...attributes, algorithm })
}

/** Gives the token to the caller, if it asked for one. From then on the parts belong to the caller. */
async function handOverToken(
  { context, subject, key }: UploadTarget,
  { onResumeToken, bytes, partBytes, algorithm }: UploadPlan,
  uploadId: string,
): Promise<boolean> {
  if (onResumeToken === undefined) return false
  const { bucket } = context.backend
  const ticket = { bucket, key, uploadId, bytes, partBytes, algorithm } as const
  try {
    const seal = await ticketSeal(context, subject)
    await onResumeToken(seal.seal({ kind: 'resume', ...ticket }))
    return true
  } catch (cause) {
    throwIfCancelled()
    const detail = '"onResumeToken" threw, so nobody can go on with it'
    throw failure(subject, 'unexpected', { outcome: 'none', detail, cause })
  }
}
