import crypto from 'node:crypto'
import type { ChecksumAlgorithm } from '../store/checksum.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { Digest, ListedPart } from '../store/object-backend.ts'
import { type ObjectTarget, type StorageContext, step } from '../store/storage-context.ts'
import { StorageError } from '../store/storage-error.ts'
import { invalidToken, ticketSeal, type UploadTicket } from './upload-ticket.ts'

/** An earlier upload that is being resumed. */
export interface ResumedUpload {
  readonly ticket: UploadTicket
  /** The parts that the store has, by number. */
  readonly present: ReadonlyMap<number, ListedPart>
}

interface ResumeInit {
  readonly token: string
  /** The length of the body, in bytes, if known. */
  readonly bytes: number | undefined
  readonly checksum: ChecksumAlgorithm | undefined
}

/** Finds out which parts of the upload behind a token have arrived. */
export async function resumeUpload(
  { context, subject, key }: ObjectTarget,
  { token, bytes, checksum }: ResumeInit,
): Promise<ResumedUpload> {
  const ticket = (await ticketSeal(context, subject)).open(token)
  if (ticket.kind !== 'resume') throw invalidToken(subject, 'the token is for a browser')
  if (ticket.key !== key) {
    throw invalidToken(subject, `the token is for the key ${JSON.stringify(ticket.key)}`)
  }
  // An upload that began as a stream may go on from a file, with the parts of a stream.
  if (ticket.bytes !== undefined && ticket.bytes !== bytes) {
    const detail = `the upload was begun with a body of ${lengthOf(ticket.bytes)}, and this one has ${lengthOf(bytes)}; give the same one`
    throw failure(subject, 'source_failed', { outcome: 'none', retryable: false, detail })
  }
  if (checksum !== undefined && checksum !== ticket.algorithm) {
    const begun = ticket.algorithm
    throw new TypeError(`Expected checksum to be that of the upload, '${begun}', got '${checksum}'`)
  }
  const parts = await listPresent(context, subject, ticket)
  return { ticket, present: new Map(parts.map((part) => [part.number, part])) }
}

/**
 * The parts that the store has of an upload.
 *
 * @throws {StorageError} `'not_found'` when the upload is over
 */
export async function listPresent(
  context: StorageContext,
  subject: ObjectCall,
  { key, uploadId }: UploadTicket,
): Promise<readonly ListedPart[]> {
  try {
    return await step({ context, subject }, 'listParts', (signal) =>
      context.backend.listParts(key, uploadId, signal),
    )
  } catch (error) {
    if (!StorageError.isInstance(error) || error.code !== 'not_found') throw error
    const detail =
      'the upload of this token is over: it was completed, removed or swept away; look whether the object is there, else begin anew without the token'
    throw failure(subject, 'not_found', { outcome: 'none', detail, cause: error })
  }
}

/**
 * Whether a part that the store has is the same as this one, by the checksum of the upload, else by its
 * MD5. A store that encrypts with its own keys may show neither; then the part is sent again.
 */
export function isPresent(
  part: ListedPart | undefined,
  body: Uint8Array,
  { algorithm, value }: Digest,
): part is ListedPart {
  if (part === undefined || part.bytes !== body.byteLength) return false
  if (part.digest?.algorithm === algorithm) return part.digest.value === value
  if (!/^[0-9a-f]{32}$/.test(part.etag)) return false
  const md5 =
    algorithm === 'MD5' ? Buffer.from(value, 'base64') : crypto.hash('md5', body, 'buffer')
  return md5.toString('hex') === part.etag
}

function lengthOf(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown length' : `${bytes} bytes`
}
