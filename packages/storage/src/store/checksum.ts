import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { expected } from '@yuzuru/concurrency/boundary'
import { crc32cKind, crc32Kind, crc64nvmeKind, type CrcKind } from './combine-crc.ts'
import { openCrc } from './crc-hasher.ts'
import type { Hasher } from './hasher.ts'

/**
 * The checksum that is sent with the bytes.
 *
 * `'CRC32'` costs least (it is Node's own), `'CRC32C'` and `'CRC64NVME'` two and four times that. The CRCs
 * cover a whole object however many parts it was sent in; `'SHA256'` covers a multipart object as the
 * checksum of its parts' checksums. `'MD5'` is Content-MD5, which every store knows.
 */
export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA256' | 'MD5'

/** A checksum of an object. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  /** In base64; of type `'COMPOSITE'` with `-` and the number of parts after it. */
  readonly value: string
  /** Whether it covers the bytes, or the checksums of the parts. */
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
}

const KINDS: Readonly<Record<ChecksumAlgorithm, CrcKind | undefined>> = {
  CRC32: crc32Kind,
  CRC32C: crc32cKind,
  CRC64NVME: crc64nvmeKind,
  SHA256: undefined,
  MD5: undefined,
}

/** The parameters for combining CRCs of parts; `undefined` for digests that are not CRCs. */
export function crcKindOf(algorithm: ChecksumAlgorithm): CrcKind | undefined {
  return KINDS[algorithm]
}

export function expectAlgorithm(value: unknown): asserts value is ChecksumAlgorithm {
  if (typeof value === 'string' && Object.hasOwn(KINDS, value)) return
  const names = Object.keys(KINDS).join(', ')
  throw expected(`checksum to be one of ${names}`, value)
}

/** A hasher for one stream of bytes. */
export async function createHasher(algorithm: ChecksumAlgorithm): Promise<Hasher> {
  if (algorithm === 'CRC32') return new NativeCrc32()
  const kind = crcKindOf(algorithm)
  if (kind !== undefined) return await openCrc(kind)
  const hash = createHash(algorithm.toLowerCase())
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest(),
  }
}

/** The digest of bytes in memory. */
export async function digestOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Promise<Buffer> {
  const hasher = await createHasher(algorithm)
  hasher.update(bytes)
  return hasher.digest()
}

class NativeCrc32 implements Hasher {
  #value = 0

  update(bytes: Uint8Array): void {
    this.#value = zlib.crc32(bytes, this.#value)
  }

  digest(): Buffer {
    const out = Buffer.alloc(4)
    out.writeUInt32BE(this.#value)
    return out
  }
}
