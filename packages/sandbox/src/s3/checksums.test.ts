import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Digests, digestOf } from './checksums.ts'

describe('digestOf', () => {
  test.each([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
  ] as const)('gives the catalogue value of %s for "123456789"', (algorithm, expected) => {
    expect(digestOf(algorithm, Buffer.from('123456789')).toString('hex')).toBe(expected)
  })

  test('agrees with zlib on CRC32', () => {
    const data = randomBytes(4_099)
    expect(digestOf('CRC32', data).readUInt32BE()).toBe(crc32(data))
  })
})

describe('Digests', () => {
  test.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    'of %s does not depend on how the bytes are cut, nor on other streams between',
    (algorithm) => {
      const data = randomBytes(1_000)
      const whole = digestOf(algorithm, data).toString('hex')
      for (const cut of [0, 1, 7, 8, 9, 500, 999, 1_000]) {
        const digests = new Digests([algorithm])
        const other = new Digests([algorithm])
        digests.update(data.subarray(0, cut))
        other.update(data.subarray(1))
        digests.update(data.subarray(cut))
        expect(digests.value(algorithm).toString('hex')).toBe(whole)
      }
    },
  )
})
