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
function multiply({ bits, polynomial }: CrcKind, a: bigint, b: bigint): bigint {
  if (bits === 32) return BigInt(multiply32(Number(polynomial), Number(a), Number(b)))
  return multiply64(polynomial, a, b)
}

// In machine words, as an object may have 10,000 parts: BigInt would be 30× slower.

function multiply32(polynomial: number, a: number, b: number): number {
  let product = 0
  let factor = b
  for (let bit = 31; bit >= 0; bit -= 1) {
    if (((a >>> bit) & 1) === 1) product ^= factor
    factor = (factor & 1) === 1 ? (factor >>> 1) ^ polynomial : factor >>> 1
  }
  return product >>> 0
}

function multiply64(polynomial: bigint, a: bigint, b: bigint): bigint {
  const [aHigh, aLow] = halves(a)
  const [polynomialHigh, polynomialLow] = halves(polynomial)
  let [high, low] = halves(b)
  let productHigh = 0
  let productLow = 0
  for (let bit = 63; bit >= 0; bit -= 1) {
    if ((((bit > 31 ? aHigh : aLow) >>> (bit & 31)) & 1) === 1) {
      productHigh ^= high
      productLow ^= low
    }
    const isOdd = (low & 1) === 1
    low = (low >>> 1) | (high << 31)
    high >>>= 1
    if (isOdd) {
      high ^= polynomialHigh
      low ^= polynomialLow
    }
  }
  return (BigInt(productHigh >>> 0) << 32n) | BigInt(productLow >>> 0)
}

function halves(value: bigint): [high: number, low: number] {
  return [Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value))]
}

/** x^(8 × 2^index) modulo the polynomial, each the square of the one before it. */
const powers = new Map<CrcKind, bigint[]>()

/** x^(8 × bytes) modulo the polynomial. */
function shift(kind: CrcKind, bytes: number): bigint {
  const known = powers.get(kind) ?? [1n << BigInt(kind.bits - 9)]
  powers.set(kind, known)
  let result = 1n << BigInt(kind.bits - 1)
  let index = 0
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    const power = known[index] as bigint
    if (left % 2 === 1) result = multiply(kind, power, result)
    index += 1
    known[index] ??= multiply(kind, power, power)
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
