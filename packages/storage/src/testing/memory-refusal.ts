import { digestOf } from '../store/checksum.ts'
import type { ByteRange, Digest } from '../store/object-backend.ts'
import type { StorageErrorCode } from '../store/storage-error.ts'

/** What S3 would answer with an error. */
export class Refusal extends Error {
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode) {
    super(code)
    this.code = code
  }
}

export function checkDigest(body: Uint8Array, { algorithm, value }: Digest): void {
  if (digestOf(algorithm, body).toString('base64') !== value) throw new Refusal('checksum_mismatch')
}

export function clamped({ start, end }: ByteRange, bytes: number): Required<ByteRange> {
  if (start >= bytes) throw new Refusal('range_not_satisfiable')
  return { start, end: Math.min(end ?? bytes - 1, bytes - 1) }
}
