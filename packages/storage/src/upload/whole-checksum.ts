import { createHash } from 'node:crypto'
import { type Checksum, type ChecksumAlgorithm, crcKindOf } from '../store/checksum.ts'
import { combineCrc } from '../store/combine-crc.ts'
import type { UploadedPart } from '../store/object-backend.ts'

/** The checksum of an object of several parts: of all its bytes if it is a CRC, else of its parts' digests. */
export function wholeChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly (UploadedPart & { readonly bytes: number })[],
): Checksum {
  const digests = parts.map(({ digest }) => Buffer.from(digest?.value ?? '', 'base64'))
  const kind = crcKindOf(algorithm)
  if (kind !== undefined) {
    const pieces = parts.map(({ bytes: size }, index) => {
      return { size, digest: digests[index] ?? Buffer.alloc(0) }
    })
    const value = combineCrc(kind, pieces).toString('base64')
    return { algorithm, value, type: 'FULL_OBJECT' }
  }
  const hash = createHash(algorithm.toLowerCase()).update(Buffer.concat(digests))
  return { algorithm, value: `${hash.digest('base64')}-${parts.length}`, type: 'COMPOSITE' }
}

/** The ETag that S3 gives an object of these parts, unless it encrypts with a key of its own service. */
export function multipartEtag(parts: readonly UploadedPart[]): string {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}
