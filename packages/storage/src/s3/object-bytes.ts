import type { GetInit, Incoming, PartInit, PutInit, Written } from '../store/object-backend.ts'
import { checksumOf, quoted } from './s3-fields.ts'
import { confirmedEtag } from '../store/unconfirmed.ts'

/** Transfers the bytes of objects: with requests of our own, or with a client that was passed in. */
export interface ObjectBytes {
  put(key: string, init: PutInit, signal: AbortSignal): Promise<Written>
  putPart(key: string, init: PartInit, signal: AbortSignal): Promise<string>
  /** Resolves to `undefined` if the store did not say how long the object is. */
  get(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming | undefined>
}

/** What the store answered to a write. @throws {Unconfirmed} when the answer has no ETag */
export function writtenOf(
  output: Parameters<typeof checksumOf>[0] & {
    readonly ETag?: string | undefined
    readonly VersionId?: string | undefined
  },
): Written {
  return {
    etag: confirmedEtag(output.ETag),
    checksum: checksumOf(output),
    versionId: output.VersionId,
  }
}

/** The fields of a GET. */
export function getFields({ range, ifMatch }: GetInit): { Range?: string; IfMatch?: string } {
  return {
    ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ''}` }),
    ...(ifMatch === undefined ? {} : { IfMatch: quoted(ifMatch) }),
  }
}
