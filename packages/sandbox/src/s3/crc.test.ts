import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { combineCrc, Crc, crc32cKind, crc32Kind, crc64nvmeKind, type CrcKind } from './crc.ts'

function crcOf(kind: CrcKind, ...pieces: Uint8Array[]): string {
  const crc = new Crc(kind)
  for (const piece of pieces) crc.update(piece)
  return crc.digest().toString('hex')
}

describe('Crc', () => {
  test.each([
    ['CRC-32', crc32Kind, 'cbf43926'],
    ['CRC-32C', crc32cKind, 'e3069283'],
    ['CRC-64/NVME', crc64nvmeKind, 'ae8b14860a799888'],
  ])('%s gives the catalogue value for "123456789"', (_, kind, expected) => {
    expect(crcOf(kind, Buffer.from('123456789'))).toBe(expected)
  })

  test('does not depend on how the bytes are cut', () => {
    const data = randomBytes(1_000)
    for (const kind of [crc32cKind, crc64nvmeKind]) {
      const whole = crcOf(kind, data)
      for (const cut of [0, 1, 7, 8, 9, 500, 999, 1_000]) {
        expect(crcOf(kind, data.subarray(0, cut), data.subarray(cut))).toBe(whole)
      }
    }
  })

  test('agrees with zlib on CRC-32', () => {
    const data = randomBytes(4_099)
    expect(crcOf(crc32Kind, data)).toBe(crc32(data).toString(16).padStart(8, '0'))
  })
})

describe('combineCrc', () => {
  test('gives the CRC of the concatenation', () => {
    const pieces = [1_000, 0, 1, 65_537, 1_000].map((size) => randomBytes(size))
    for (const kind of [crc32Kind, crc32cKind, crc64nvmeKind]) {
      const parts = pieces.map((piece) => ({
        digest: Buffer.from(crcOf(kind, piece), 'hex'),
        size: piece.length,
      }))
      expect(combineCrc(kind, parts).toString('hex')).toBe(crcOf(kind, ...pieces))
    }
  })
})
