import { digestOf } from '../store/checksum.ts'
import type { ByteRange, ClosedRange, Digest } from '../store/object-backend.ts'
import type { StorageErrorCode } from '../store/storage-error.ts'

/** What S3 would answer with an error. */
export class Refusal extends Error {
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode) {
    super(code)
    this.code = code
  }
}

export async function checkDigest(body: Uint8Array, { algorithm, value }: Digest): Promise<void> {
  const digest = await digestOf(algorithm, body)
  if (digest.toString('base64') !== value) throw new Refusal('checksum_mismatch')
}

export function clamped({ start, end }: ByteRange, bytes: number): ClosedRange {
  if (start >= bytes) throw new Refusal('range_not_satisfiable')
  return { start, end: Math.min(end ?? bytes - 1, bytes - 1) }
}
