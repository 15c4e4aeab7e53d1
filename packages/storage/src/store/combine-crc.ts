/** A reflected CRC: how wide it is, and its polynomial with the bits in reversed order. */
export interface CrcKind {
  readonly bits: 32 | 64
  readonly polynomial: bigint
}

/** Castagnoli, as in RFC 3720. */
export const crc32cKind: CrcKind = { bits: 32, polynomial: 0x82f6_3b78n }
/** CRC-64/NVME, from the NVM Express NVM Command Set specification. */
export const crc64nvmeKind: CrcKind = { bits: 64, polynomial: 0x9a6c_9329_ac4b_c9b5n }
/** IEEE 802.3. */
export const crc32Kind: CrcKind = { bits: 32, polynomial: 0xedb8_8320n }

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
