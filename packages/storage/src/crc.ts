/** A reflected CRC: its width and its polynomial with the bits in reversed order. */
export interface CrcKind {
  readonly bits: 32 | 64
  readonly polynomial: bigint
}

/** Castagnoli, as in RFC 3720. */
export const crc32cKind: CrcKind = { bits: 32, polynomial: 0x82f6_3b78n }
/** CRC-64/NVME, from the NVM Express NVM Command Set specification. */
export const crc64nvmeKind: CrcKind = { bits: 64, polynomial: 0x9a6c_9329_ac4b_c9b5n }
/** IEEE 802.3; `zlib.crc32` computes it, this is for combining two of them. */
export const crc32Kind: CrcKind = { bits: 32, polynomial: 0xedb8_8320n }

interface Tables {
  readonly low: Int32Array
  readonly high: Int32Array
}

const slices = 8
const cache = new Map<CrcKind, Tables>()

/** `slices` tables of 256 entries, each 64-bit entry split in halves: BigInt would be 50× slower. */
function tablesOf(kind: CrcKind): Tables {
  const known = cache.get(kind)
  if (known) return known
  const size = slices * 256
  const entries: bigint[] = []
  for (let index = 0; index < size; index += 1) {
    let value = index < 256 ? BigInt(index) : entries[index - 256]!
    if (index < 256) {
      for (let bit = 0; bit < 8; bit += 1) {
        value = (value & 1n) === 1n ? (value >> 1n) ^ kind.polynomial : value >> 1n
      }
    } else {
      value = (value >> 8n) ^ entries[Number(value & 0xffn)]!
    }
    entries.push(value)
  }
  const tables = {
    low: Int32Array.from(entries, (value) => Number(BigInt.asIntN(32, value))),
    high: Int32Array.from(entries, (value) => Number(BigInt.asIntN(32, value >> 32n))),
  }
  cache.set(kind, tables)
  return tables
}

/** A CRC computed as bytes arrive, eight bytes a step. */
export class Crc {
  readonly #kind: CrcKind
  readonly #tables: Tables
  #low = -1
  #high: number

  constructor(kind: CrcKind) {
    this.#kind = kind
    this.#tables = tablesOf(kind)
    this.#high = kind.bits === 64 ? -1 : 0
  }

  update(data: Uint8Array): void {
    const { low: L, high: H } = this.#tables
    let low = this.#low
    let high = this.#high
    let at = 0
    for (const end = data.length - 7; at < end; at += 8) {
      const a =
        low ^ (data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24))
      const b =
        high ^
        (data[at + 4]! | (data[at + 5]! << 8) | (data[at + 6]! << 16) | (data[at + 7]! << 24))
      const i0 = 1792 + (a & 255)
      const i1 = 1536 + ((a >>> 8) & 255)
      const i2 = 1280 + ((a >>> 16) & 255)
      const i3 = 1024 + (a >>> 24)
      const i4 = 768 + (b & 255)
      const i5 = 512 + ((b >>> 8) & 255)
      const i6 = 256 + ((b >>> 16) & 255)
      const i7 = b >>> 24
      low = L[i0]! ^ L[i1]! ^ L[i2]! ^ L[i3]! ^ L[i4]! ^ L[i5]! ^ L[i6]! ^ L[i7]!
      high = H[i0]! ^ H[i1]! ^ H[i2]! ^ H[i3]! ^ H[i4]! ^ H[i5]! ^ H[i6]! ^ H[i7]!
    }
    for (; at < data.length; at += 1) {
      const index = (low ^ data[at]!) & 255
      low = ((low >>> 8) | (high << 24)) ^ L[index]!
      high = (high >>> 8) ^ H[index]!
    }
    this.#low = low
    this.#high = high
  }

  /** Big-endian, as S3 puts it into base64. */
  digest(): Buffer {
    const out = Buffer.alloc(8)
    out.writeInt32BE(~this.#high, 0)
    out.writeInt32BE(~this.#low, 4)
    return this.#kind.bits === 64 ? out : out.subarray(4)
  }
}

/** a × b modulo the polynomial, bits reversed (the highest bit is x⁰). */
function multiply(kind: CrcKind, a: bigint, b: bigint): bigint {
  let product = 0n
  let factor = b
  for (let bit = 1n << BigInt(kind.bits - 1); bit > 0n; bit >>= 1n) {
    if ((a & bit) !== 0n) product ^= factor
    factor = (factor & 1n) === 1n ? (factor >> 1n) ^ kind.polynomial : factor >> 1n
  }
  return product
}

/** x^(8 × bytes) modulo the polynomial. */
function shift(kind: CrcKind, bytes: number): bigint {
  let power = 1n << BigInt(kind.bits - 2)
  let result = 1n << BigInt(kind.bits - 1)
  for (let exponent = BigInt(bytes) * 8n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = multiply(kind, power, result)
    power = multiply(kind, power, power)
  }
  return result
}

/** One part of a whole: its CRC and how many bytes it covers. */
export interface CrcPart {
  readonly digest: Buffer
  readonly size: number
}

/** The CRC of the concatenation, from the CRCs of the parts: no byte is read again. */
export function combineCrc(kind: CrcKind, parts: readonly CrcPart[]): Buffer {
  const shifts = new Map<number, bigint>()
  let crc = 0n
  for (const { digest, size } of parts) {
    const known = shifts.get(size)
    const factor = known ?? shift(kind, size)
    shifts.set(size, factor)
    crc = multiply(kind, factor, crc) ^ BigInt(`0x${digest.toString('hex')}`)
  }
  return Buffer.from(crc.toString(16).padStart(kind.bits / 4, '0'), 'hex')
}
