import { failure } from '../store/failure.ts'
import { findObject } from '../upload/find-object.ts'
import { type PresignedUpload, signParts, UPLOAD_METADATA } from './presign-upload.ts'
import { listPresent } from '../upload/resume-upload.ts'
import { callStore, type ObjectTarget, type StorageContext } from '../store/storage-context.ts'
import {
  expectToken,
  invalidToken,
  ticketSeal,
  type UploadTicket,
} from '../upload/upload-ticket.ts'
import { expectExpiry, type ExpiryOptions, expiryOf } from './url-expiry.ts'

/**
 * Signs the requests of a browser's upload again, after they have expired or the page was reloaded, and
 * says which parts have arrived.
 */
export async function presignParts(
  context: StorageContext,
  token: string,
  options: ExpiryOptions = {},
): Promise<PresignedUpload> {
  expectToken('token', token)
  const expiresInSeconds = expectExpiry(options)
  const operation = 'presignParts'
  return await callStore(context, { operation }, 'read', options, async (signal) => {
    const { backend } = context
    const ticket = (await ticketSeal(context, { operation })).open(token)
    const { kind, key, partBytes, bytes = 0, headers = {} } = ticket
    const subject = { operation, key }
    if (kind === 'resume') throw invalidToken(subject, 'the token is for "resume" of an upload')
    const find = kind === 'whole' ? findWhole : findParts
    const arrived = await find({ context, subject, key, signal }, ticket)
    const at = await backend.presigner()
    const parts = signParts(ticket, at, expiresInSeconds, arrived)
    const expiresAt = expiryOf(at, expiresInSeconds, backend)
    return { token, bytes, partSizeBytes: partBytes, parts, headers, expiresAt }
  })
}

/** The ETags of the parts that have arrived, by number. */
async function findParts(
  { context, subject }: ObjectTarget,
  ticket: UploadTicket,
): Promise<ReadonlyMap<number, string>> {
  const present = await listPresent(context, subject, ticket)
  // Each URL is bound to the size of its part, so a part that is there is whole.
  return new Map(present.map(({ number, etag }) => [number, etag]))
}

async function findWhole(
  target: ObjectTarget,
  { uploadId, ifNoneMatch }: UploadTicket,
): Promise<ReadonlyMap<number, string>> {
  const found = await findObject(target)
  if (found?.metadata[UPLOAD_METADATA] === uploadId) return new Map([[1, found.etag]])
  if (found !== undefined && ifNoneMatch !== undefined) {
    throw failure(target.subject, 'precondition_failed', { outcome: 'none' })
  }
  return new Map()
}
