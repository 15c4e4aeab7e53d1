import { expectObject } from '@yuzuru/concurrency/boundary'
import { type ChecksumAlgorithm, expectAlgorithm } from '../store/checksum.ts'
import type { Digest } from '../store/object-backend.ts'

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA256: 32,
  MD5: 16,
}

/** The header that makes the store check a body against its digest. */
export function checksumHeader(checksum: Digest): Record<string, string> {
  expectObject('checksum', checksum)
  const { algorithm, value } = checksum
  expectAlgorithm(algorithm)
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.alloc(0)
  if (bytes.toString('base64') !== value || bytes.byteLength !== DIGEST_BYTES[algorithm]) {
    throw new TypeError(`Expected checksum.value to be a digest by ${algorithm} in base64`)
  }
  const name = algorithm === 'MD5' ? 'content-md5' : `x-amz-checksum-${algorithm.toLowerCase()}`
  return { [name]: value }
}
