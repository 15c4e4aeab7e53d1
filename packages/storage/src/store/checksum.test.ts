import { describe, expect, test } from 'vitest'
import { type ChecksumAlgorithm, createHasher, digestOf } from './checksum.ts'
import { wholeChecksum } from '../upload/whole-checksum.ts'

const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256', 'MD5'] as const

/** The check values of the CRC catalogue, and of RFC 1321 and FIPS 180-4. */
const known: Record<ChecksumAlgorithm, string> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
  MD5: '25f9e794323b453885f5181f1b624d0b',
}

describe('checksums', () => {
  test.each(algorithms)('%s gives its published value', async (algorithm) => {
    const digest = await digestOf(algorithm, Buffer.from('123456789'))
    expect(digest.toString('hex')).toBe(known[algorithm])
  })

  test.each(algorithms)('%s is the same however the bytes are cut', async (algorithm) => {
    const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => (index * 7) % 256))
    const hasher = await createHasher(algorithm)
    for (const [from, to] of [
      [0, 1],
      [1, 8],
      [8, 999],
      [999, 999],
      [999, 1_000],
    ] as const) {
      hasher.update(bytes.subarray(from, to))
    }
    expect(hasher.digest()).toEqual(await digestOf(algorithm, bytes))
  })

  test.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    '%s of parts is that of the whole',
    async (algorithm) => {
      const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 13) % 251))
      const cuts = [
        [0, 400],
        [400, 800],
        [800, 801],
        [801, 801 + 65_535],
        [801 + 65_535, 200_000],
      ] as const
      const parts = await Array.fromAsync(cuts, async ([from, to], index) => {
        const piece = bytes.subarray(from, to)
        const value = (await digestOf(algorithm, piece)).toString('base64')
        return { number: index + 1, etag: '', digest: { algorithm, value }, bytes: to - from }
      })
      const value = (await digestOf(algorithm, bytes)).toString('base64')
      expect(wholeChecksum(algorithm, parts)).toEqual({ algorithm, value, type: 'FULL_OBJECT' })
    },
  )
})
