import type { Effect } from '@yuzuru/concurrency'
import type { Checksum, ChecksumAlgorithm } from './checksum.ts'
import type { ContentRange } from './content-range.ts'
import type { StorageCredentials } from './credentials.ts'
import type { ObjectCall } from './failure.ts'
import type { ObjectAttributes, ObjectInfo, WriteConditions } from './object-info.ts'

/** A checksum that is sent with bytes: the algorithm and the digest in base64. */
export interface Digest {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
}

/** What the store answered to a write. */
export interface Written {
  readonly etag: string
  readonly checksum: Checksum | undefined
  readonly versionId: string | undefined
}

export interface UploadedPart {
  readonly number: number
  readonly etag: string
  /** `undefined` for a part that was copied. */
  readonly digest: Digest | undefined
}

export interface CompleteInit extends WriteConditions {
  readonly uploadId: string
  readonly parts: readonly UploadedPart[]
  readonly bytes: number
  /** The checksum of the whole object, which the store checks. */
  readonly checksum: Checksum
}

/** A part of an object; both ends are included. */
export interface ByteRange {
  /** The first byte, from 0. */
  readonly start: number
  /** The last byte, inclusive. @default the object's last */
  readonly end?: number | undefined
}

/** A range whose ends are both known. */
export interface ClosedRange extends ByteRange {
  readonly end: number
}

/** The answer to a GET. */
export interface Incoming {
  readonly info: ObjectInfo
  /** The part of the object, for a status of 206; `undefined` for a 200, which is all of it. */
  readonly range: ContentRange | undefined
  readonly body: AsyncIterable<Uint8Array>
}

export interface PageRequest {
  readonly prefix: string
  readonly delimiter: string | undefined
  readonly pageSize: number
  readonly startAfter: string | undefined
  readonly token: string | undefined
}

/** An object in a list. */
export interface ListedObject {
  readonly key: string
  readonly bytes: number
  readonly etag: string
  readonly modifiedAt: Date
}

export interface Page {
  readonly objects: readonly ListedObject[]
  readonly prefixes: readonly string[]
  /** Whether there are more pages. */
  readonly isTruncated: boolean
  /** For the next page. */
  readonly token: string | undefined
}

/** A part that the store has. */
export interface ListedPart {
  readonly number: number
  readonly etag: string
  readonly bytes: number
  /** By the algorithm that the upload was begun with; `undefined` where the store keeps none. */
  readonly digest: Digest | undefined
}

/** A multipart upload that is neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string
  readonly uploadId: string
  readonly startedAt: Date
}

export interface PutInit extends ObjectAttributes, WriteConditions {
  readonly body: Uint8Array
  readonly digest: Digest
  /** Whether `ifMatch` goes out without quotes, against RFC 9110. */
  readonly bareEtag?: boolean | undefined
  /** The SHA-256 of the body in hex, if it was computed: see `wantsSha256`. */
  readonly sha256?: string | undefined
}

export interface CreateUploadInit extends ObjectAttributes {
  readonly algorithm: ChecksumAlgorithm
}

export interface PartInit {
  readonly uploadId: string
  readonly number: number
  readonly body: Uint8Array
  readonly digest: Digest
  /** The SHA-256 of the body in hex, if it was computed: see `wantsSha256`. */
  readonly sha256?: string | undefined
}

export interface CopyPartInit {
  readonly uploadId: string
  readonly number: number
  readonly source: CopySource
  readonly range: ClosedRange
}

export interface GetInit {
  readonly range?: ByteRange | undefined
  readonly ifMatch?: string | undefined
}

/** An object to copy from: exactly this version of it. */
export interface CopySource {
  readonly key: string
  readonly etag: string
}

export interface CopyInit {
  readonly source: CopySource
  /** Replaces what the source has. @default as the source */
  readonly attributes?: ObjectAttributes | undefined
}

/** A key that could not be deleted, and the store's code for why. */
export interface DeleteFailure {
  readonly key: string
  readonly code: string
}

/**
 * The operations of a store, one request each, on which a storage is built. They throw their own errors,
 * which `translate` understands, and end soon after the signal fires.
 */
export interface ObjectBackend<Client = unknown> {
  readonly client: Client
  readonly bucket: string
  /**
   * Whether its requests report to the scope when they are sent. Otherwise each counts as sent from its
   * beginning.
   */
  readonly tellsWhenSent: boolean
  /**
   * Whether the store checks the conditions of every write, copy and deletion. Ceph ignores those of a
   * completed upload, of a copy's source and of a deletion, and accepts no ETag in quotes.
   */
  readonly keepsConditions: boolean
  /** Whether the signature needs the SHA-256 of the bytes, so that it is best computed as they are read. */
  readonly wantsSha256: boolean
  put(key: string, init: PutInit, signal: AbortSignal): Promise<Written>
  createUpload(key: string, init: CreateUploadInit, signal: AbortSignal): Promise<string>
  /** Gives the part's ETag. */
  putPart(key: string, init: PartInit, signal: AbortSignal): Promise<string>
  copyPart(key: string, init: CopyPartInit, signal: AbortSignal): Promise<string>
  completeUpload(key: string, init: CompleteInit, signal: AbortSignal): Promise<Written>
  abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void>
  /** Whether the upload is still there. */
  hasUpload(key: string, uploadId: string, signal: AbortSignal): Promise<boolean>
  /** The parts that have arrived, in the order of their numbers. */
  listParts(key: string, uploadId: string, signal: AbortSignal): Promise<readonly ListedPart[]>
  listUploads(prefix: string, signal: AbortSignal): Promise<readonly OpenUpload[]>
  get(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming>
  head(key: string, signal: AbortSignal): Promise<ObjectInfo>
  list(request: PageRequest, signal: AbortSignal): Promise<Page>
  copy(key: string, init: CopyInit, signal: AbortSignal): Promise<Written>
  /** @param ifMatch only this version; a store may ignore that and delete any */
  delete(key: string, ifMatch: string | undefined, signal: AbortSignal): Promise<void>
  deleteMany(keys: readonly string[], signal: AbortSignal): Promise<readonly DeleteFailure[]>
  presigner(): Promise<PresignContext>
  /** The same, if it need not be fetched. */
  readonly presignerNow: PresignContext | undefined
  /** Turns an error of its operations into one of the package. */
  translate(subject: ObjectCall, effect: Effect, error: unknown): Error
  /** @param drainMs how long calls on its client that are under way may take to end */
  close(drainMs: number): Promise<void>
}

/** The context that signs URLs. */
export interface PresignContext {
  /** The URL of the bucket, without a slash at its end. */
  readonly base: string
  readonly region: string
  readonly credentials: StorageCredentials
  /** Milliseconds since the epoch, as the store's clock goes. */
  readonly now: number
}
