import { expected } from '@yuzuru/concurrency/boundary'
import { type IoOptions } from '@yuzuru/concurrency'
import type { Checksum } from '../store/checksum.ts'
import { completeUpload } from '../upload/complete-upload.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import { findIfPossible, findObject } from '../upload/find-object.ts'
import type { UploadedPart } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { discardUpload, endUpload } from '../upload/discard-upload.ts'
import { partsOf, UPLOAD_METADATA } from './presign-upload.ts'
import { listPresent } from '../upload/resume-upload.ts'
import { callStore, type ObjectTarget, type StorageContext } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import {
  expectToken,
  invalidToken,
  ticketSeal,
  type UploadTicket,
} from '../upload/upload-ticket.ts'
import { multipartEtag, wholeChecksum } from '../upload/whole-checksum.ts'

/** An object that a browser uploaded. */
export interface CompletedUpload {
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  readonly bytes: number
  /** The checksum that the store computed, if it did. */
  readonly checksum: Checksum | undefined
  readonly versionId: string | undefined
}

/** Completes an upload that a browser made. It may be called again if its answer was lost. */
export async function completePresigned(
  context: StorageContext,
  token: string,
  etags: readonly string[],
  options?: IoOptions,
): Promise<CompletedUpload> {
  expectToken('token', token)
  if (!Array.isArray(etags) || !etags.every((etag) => typeof etag === 'string')) {
    throw expected('etags to be an array of strings', etags)
  }
  const given = etags.map((etag) => etag.replaceAll('"', ''))
  const operation = 'completeUpload'
  return await callStore(context, { operation }, 'idempotent', options, async (signal) => {
    const ticket = (await ticketSeal(context, { operation })).open(token)
    const { key } = ticket
    const target = { context, subject: { operation, key }, key, signal }
    if (ticket.kind === 'resume') {
      throw invalidToken(target.subject, 'the token is for "resume" of an upload')
    }
    const expected = partsOf(ticket).length
    if (given.length !== expected) {
      throw incomplete(target.subject, `it needs ${expected} ETags, and there are ${given.length}`)
    }
    const end = ticket.kind === 'whole' ? confirmWhole : completeParts
    return await end(target, ticket, given)
  })
}

/**
 * Ends an upload by its token and removes what has arrived of it. It is not an error if there is nothing. A
 * completed object of several parts stays.
 */
export async function abortUpload(
  context: StorageContext,
  token: string,
  options?: IoOptions,
): Promise<void> {
  expectToken('token', token)
  const operation = 'abortUpload'
  await callStore(context, { operation }, 'idempotent', options, async (signal, _, within) => {
    const ticket = (await ticketSeal(context, { operation })).open(token)
    const { key, uploadId } = ticket
    const subject = { operation, key }
    if (ticket.kind === 'whole') {
      const found = await findObject({ context, subject, key, signal })
      if (found !== undefined && isOf(ticket, found))
        await context.backend.delete(key, found.etag, signal)
      return
    }
    if (await endUpload(within, key, uploadId)) return
    const detail = 'the upload could not be removed; call it again, or let "sweepUploads" do it'
    throw failure(subject, 'unexpected', { outcome: 'unknown', retryable: true, detail })
  })
}

async function completeParts(
  target: ObjectTarget,
  ticket: UploadTicket,
  etags: readonly string[],
): Promise<CompletedUpload> {
  const { context, subject, key } = target
  const { uploadId, algorithm, bytes = 0 } = ticket
  const expected = partsOf(ticket).map(({ number, bytes }, index) => {
    return { number, bytes, etag: etags[index] ?? '', digest: undefined }
  })
  let present
  try {
    present = await listPresent(context, subject, ticket)
  } catch (error) {
    // The ETag of the object is predictable only from such ETags.
    if (!etags.every((etag) => /^[0-9a-f]{32}$/.test(etag))) throw error
    const done = { etag: multipartEtag(expected), bytes }
    return resultOf(await findCompleted(target, done, error))
  }
  const arrived = new Map(present.map((part) => [part.number, part]))
  for (const { number, bytes, etag } of expected) {
    const part = arrived.get(number)
    if (part?.bytes === bytes && part.etag === etag) continue
    const how = part === undefined ? 'has not arrived' : 'is not what was announced'
    throw incomplete(subject, `part ${number} ${how}`)
  }
  const parts: readonly UploadedPart[] = expected
  const checksum = wholeChecksum(algorithm, expected)
  const condition = ticket.ifNoneMatch === undefined ? {} : { ifNoneMatch: ticket.ifNoneMatch }
  const init = { uploadId, parts, bytes, checksum, ...condition }
  const written = await completeUpload(target, init).catch(async (error: unknown) => {
    // The condition will not hold later either, and nothing else would remove the parts.
    const lost = StorageError.isInstance(error) && error.code === 'precondition_failed'
    if (lost) await discardUpload(context, key, uploadId)
    throw error
  })
  const { etag, versionId } = written
  return { key, etag, bytes, checksum: written.checksum, versionId }
}

/** Finds the object of an upload that is over: a call whose answer was lost may have completed it. */
async function findCompleted(
  target: ObjectTarget,
  { etag, bytes }: { readonly etag: string; readonly bytes: number },
  error: unknown,
): Promise<ObjectInfo> {
  if (!StorageError.isInstance(error) || error.code !== 'not_found') throw error
  const found = await findIfPossible(target)
  if (found?.etag === etag && found.bytes === bytes) return found
  throw error
}

async function confirmWhole(
  target: ObjectTarget,
  ticket: UploadTicket,
  [etag]: readonly string[],
): Promise<CompletedUpload> {
  const found = await findObject(target)
  if (found !== undefined && isOf(ticket, found)) {
    // A sender that lost the answer does not know the ETag. Then the object's mark and size must suffice.
    if (etag === '' || found.etag === etag) return resultOf(found)
    throw incomplete(target.subject, 'the file is not what was announced')
  }
  if (found !== undefined && ticket.ifNoneMatch !== undefined) {
    throw failure(target.subject, 'precondition_failed', { outcome: 'none' })
  }
  throw incomplete(target.subject, 'the file has not arrived')
}

/** Whether an object came from an upload of one request. */
function isOf({ uploadId, bytes }: UploadTicket, found: ObjectInfo): boolean {
  return found.metadata[UPLOAD_METADATA] === uploadId && found.bytes === bytes
}

function incomplete(subject: ObjectCall, detail: string): StorageError {
  const advice = 'send what is missing, and complete it again'
  return failure(subject, 'incomplete_upload', { outcome: 'none', detail: `${detail}; ${advice}` })
}

function resultOf({ key, etag, bytes, checksum, versionId }: ObjectInfo): CompletedUpload {
  return { key, etag, bytes, checksum, versionId }
}
