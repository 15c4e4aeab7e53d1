import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { createCRC32, createCRC64, type IHasher } from 'hash-wasm'
import { S3Error } from './errors.ts'

/** The algorithms that S3's `x-amz-checksum-*` headers name, without the XXHASH family. */
const checksumAlgorithms = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'MD5',
  'SHA1',
  'SHA256',
  'SHA512',
] as const

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** How a multipart object's checksum covers it: the bytes, or the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** A checksum as it is kept and returned; a composite one ends in `-` and the number of parts. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
  readonly type: ChecksumType
}

/** Whether a multipart object can have a checksum of all its bytes: S3 combines those of its parts, which only CRCs allow. */
export function coversParts(algorithm: ChecksumAlgorithm): boolean {
  return algorithm.startsWith('CRC')
}

/** Castagnoli's polynomial, with its bits reversed (RFC 3720). */
const crc32c = await createCRC32(0x82f6_3b78)

/** CRC-64/NVME, its bits reversed too (NVM Express NVM Command Set specification). */
const crc64nvme = await createCRC64('9a6c9329ac4bc9b5')

interface Hasher {
  update(data: Uint8Array): unknown
  digest(): Buffer
}

function createHasher(algorithm: ChecksumAlgorithm): Hasher {
  if (algorithm === 'CRC32C') return crcHasher(crc32c)
  if (algorithm === 'CRC64NVME') return crcHasher(crc64nvme)
  if (algorithm !== 'CRC32') return createHash(algorithm.toLowerCase())
  let value = 0
  return {
    update: (data) => {
      value = zlib.crc32(data, value)
    },
    digest: () => {
      const out = Buffer.alloc(4)
      out.writeUInt32BE(value)
      return out
    },
  }
}

/** One engine computes all streams: it takes up the state of whichever is next. */
function crcHasher(engine: IHasher): Hasher {
  let state = engine.init().save()
  return {
    update: (data) => {
      state = engine.load(state).update(data).save()
    },
    digest: () => Buffer.from(engine.load(state).digest('hex'), 'hex'),
  }
}

/** Several checksums of one stream, computed as it passes. */
export class Digests {
  readonly #hashers: ReadonlyMap<ChecksumAlgorithm, Hasher>
  readonly #values = new Map<ChecksumAlgorithm, Buffer>()
  size = 0

  constructor(algorithms: Iterable<ChecksumAlgorithm>) {
    this.#hashers = new Map([...new Set(algorithms)].map((name) => [name, createHasher(name)]))
  }

  update(chunk: Uint8Array): void {
    this.size += chunk.byteLength
    for (const hasher of this.#hashers.values()) hasher.update(chunk)
  }

  /** The digest of an algorithm that was asked for, once the stream has ended. */
  value(algorithm: ChecksumAlgorithm): Buffer {
    const known = this.#values.get(algorithm)
    if (known) return known
    const hasher = this.#hashers.get(algorithm)
    if (!hasher) throw new TypeError(`Expected one of the computed checksums, got ${algorithm}`)
    const value = hasher.digest()
    this.#values.set(algorithm, value)
    return value
  }

  /** Every computed digest in base64. */
  all(): Partial<Record<ChecksumAlgorithm, string>> {
    const names = [...this.#hashers.keys()]
    return Object.fromEntries(names.map((name) => [name, this.value(name).toString('base64')]))
  }
}

/** One digest of bytes that are at hand. */
export function digestOf(algorithm: ChecksumAlgorithm, data: Uint8Array): Buffer {
  const digests = new Digests([algorithm])
  digests.update(data)
  return digests.value(algorithm)
}

/** @throws S3Error `InvalidRequest` for an unknown checksum algorithm, `NotImplemented` for XXHASH. */
export function parseAlgorithm(name: string): ChecksumAlgorithm {
  const upper = name.toUpperCase()
  const found = checksumAlgorithms.find((algorithm) => algorithm === upper)
  if (found) return found
  if (upper.startsWith('XXHASH')) throw new S3Error('NotImplemented', `${upper} is not implemented`)
  throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.')
}

/** The XML element and the header that carry a checksum of the algorithm. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`
}

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

const prefix = 'x-amz-checksum-'
const notValues = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-checksum-type',
  'x-amz-checksum-mode',
])

/** The checksum header among these, if any. @throws S3Error `InvalidRequest` when there are several. */
export function declaredChecksum(names: readonly string[]): ChecksumAlgorithm | undefined {
  const found = names.filter((name) => name.startsWith(prefix) && !notValues.has(name))
  if (found.length > 1) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  }
  return found[0] === undefined ? undefined : parseAlgorithm(found[0].slice(prefix.length))
}

/** @throws S3Error `InvalidRequest` when the value cannot be a digest of the algorithm. */
export function checkDeclaredValue(algorithm: ChecksumAlgorithm, value: string): string {
  const size = digestSizes[algorithm]
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length === size && bytes.toString('base64') === value) return value
  throw new S3Error('InvalidRequest', `Value for ${checksumHeader(algorithm)} header is invalid.`)
}

const digestSizes: Record<ChecksumAlgorithm, number> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  MD5: 16,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
}
