import type { IoProgress } from '@yuzuru/concurrency'
import type { Checksum } from '../store/checksum.ts'
import { failure, notRetryable, type Subject } from '../store/failure.ts'
import { uploadInParts } from './multipart.ts'
import { expectKey } from '../store/object-key.ts'
import { isOneShot } from './one-shot.ts'
import { MAX_OBJECT_BYTES, partSize } from './part-plan.ts'
import { PartReader } from './part-reader.ts'
import { putWhole } from './put-whole.ts'
import { type ReadPart, readPart } from './read-part.ts'
import { resumeUpload } from './resume-upload.ts'
import { StorageError } from '../store/storage-error.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'
import { expectDigest, type Stored, type UploadJob } from './upload-job.ts'
import type { OpenBody } from './open-body.ts'
import { discardBody, expectBody, openBody, type UploadBody } from './upload-body.ts'
import {
  expectAttributes,
  expectConditions,
  expectUploadOptions,
  type UploadOptions,
} from './write-options.ts'

/** An object that was uploaded. */
export interface UploadResult {
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  readonly bytes: number
  /** Of the bytes as they came from the body. */
  readonly checksum: Checksum
  /** Whether the store said that it has the same; `false` for one that does not know checksums. */
  readonly checksumConfirmed: boolean
  readonly versionId?: string
}

/** Uploads a body: in one request if it fits into a part, else in parts. */
export async function upload(
  storage: StorageContext,
  key: string,
  body: UploadBody,
  options: UploadOptions = {},
): Promise<UploadResult> {
  expectKey(key)
  expectBody(body)
  expectUploadOptions(options)
  const subject = { operation: 'upload', key }
  const { checksum, expectedDigest, onProgress, onResumeToken, resume: token } = options
  const { maxBytes = MAX_OBJECT_BYTES } = options
  const init = { attributes: expectAttributes(options), conditions: expectConditions(options) }
  let opened = false
  try {
    return await callStore(
      storage,
      subject,
      'idempotent',
      options,
      async (signal, progress, context) => {
        opened = true
        // What comes before the last step is undone.
        progress.sent = false
        const open = await openSource(subject, body)
        const reader = new PartReader(open, subject, context.buffers, maxBytes)
        const given = { key, body: open, checksum }
        try {
          if ((open.length ?? 0) > maxBytes) throw tooLarge(subject, open.length, maxBytes)
          const resumed =
            token === undefined
              ? undefined
              : await resumeUpload(context, subject, { ...given, token }, signal)
          const { algorithm, partBytes } = resumed?.ticket ?? {
            algorithm: checksum ?? context.algorithm,
            partBytes: context.partBytes,
          }
          const plannedBytes = resumed === undefined ? open.length : resumed.ticket.bytes
          const sizes = { partBytes, plannedBytes }
          const how = { algorithm, ...sizes, resumed, onResumeToken, expectedDigest, onProgress }
          const job = { context, subject, key, body: open, reader, ...init, ...how }
          return resultOf(job, await transfer(job, signal, progress))
        } finally {
          reader.close(signal.reason)
        }
      },
    )
  } catch (error) {
    // Whoever calls again has to come with a new source.
    throw isOneShot(body) && StorageError.isInstance(error) ? notRetryable(error, ONE_SHOT) : error
  } finally {
    // Nothing was read from it, but it may hold a file or a socket.
    if (!opened) discardBody(body)
  }
}

const ONE_SHOT = 'to try again, give a new source, as this one can be read only once'

async function transfer(
  job: UploadJob,
  signal: AbortSignal,
  progress: IoProgress,
): Promise<Stored> {
  const { context, body, reader, partBytes, plannedBytes, resumed } = job
  const { length } = body
  const size = partSize(1, partBytes, plannedBytes)
  // A source that is silent is not in line for room.
  await reader.atEnd(signal)
  const needed = Math.min(size, length ?? size)
  const permit = body.whole === undefined ? context.budget.open(needed) : undefined
  try {
    const first = await readPart(job, needed, signal, permit)
    if (resumed === undefined && (await reader.atEnd(signal))) {
      progress.sent = !context.backend.tellsWhenSent
      const stored = await putSmall(job, first, signal)
      context.buffers.give(first.body)
      return stored
    }
    return await uploadInParts(job, { ...first, permit }, signal, progress)
  } finally {
    // It was given back when the part had arrived, if it did; twice does no harm.
    permit?.release()
    if (context.budget.isIdle) context.buffers.clear()
  }
}

function tooLarge(subject: Subject, bytes: number | undefined, maxBytes: number): StorageError {
  const told = `its body has ${bytes} bytes, more than the ${maxBytes} that are allowed`
  return failure(subject, 'too_large', { outcome: 'none', told })
}

async function putSmall(job: UploadJob, part: ReadPart, signal: AbortSignal): Promise<Stored> {
  const { expectedDigest, subject, onProgress } = job
  const { body, digest } = part
  expectDigest(subject, expectedDigest, digest.value)
  const written = await putWhole(job, part, signal)
  const bytes = body.byteLength
  onProgress?.({ sentBytes: bytes, totalBytes: bytes })
  return { written, checksum: { ...digest, type: 'FULL_OBJECT' }, bytes }
}

function resultOf({ key, subject }: UploadJob, stored: Stored): UploadResult {
  const { written, checksum, bytes } = stored
  const { etag, versionId } = written
  const said = written.checksum
  const comparable = said?.algorithm === checksum.algorithm && said.type === checksum.type
  if (comparable && said.value !== checksum.value) {
    throw failure(subject, 'checksum_mismatch', { outcome: 'unknown' })
  }
  // A store that took a wrong Content-MD5 would break a rule that is older than S3 (RFC 1864).
  const checksumConfirmed = comparable || checksum.algorithm === 'MD5'
  const version = versionId === undefined ? {} : { versionId }
  return { key, etag, bytes, checksum, checksumConfirmed, ...version }
}

async function openSource(subject: Subject, body: UploadBody): Promise<OpenBody> {
  try {
    return await openBody(body)
  } catch (cause) {
    if (cause instanceof TypeError) throw cause
    throw failure(subject, 'source_failed', { outcome: 'none', cause })
  }
}
