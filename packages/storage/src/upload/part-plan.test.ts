import { describe, expect, test } from 'vitest'
import { MAX_OBJECT_BYTES, MAX_PART_BYTES, MAX_PARTS, partSize } from './part-plan.ts'

const MIB = 1_024 ** 2

describe('the size of parts', () => {
  test('is what was asked for as long as that fits', () => {
    expect(partSize(1, 8 * MIB, 100 * MIB)).toBe(8 * MIB)
    expect(partSize(1_000, 8 * MIB, undefined)).toBe(8 * MIB)
  })

  test('of a known length makes at most 10,000 parts', () => {
    for (const total of [80_000 * MIB, 80_000 * MIB + 1, MAX_OBJECT_BYTES]) {
      expect(Math.ceil(total / partSize(1, 8 * MIB, total))).toBeLessThanOrEqual(MAX_PARTS)
    }
  })

  test.each([5, 8, 64, 1_024])(
    'of %i MiB grows with an unknown length such that 5 TiB fit into 10,000 parts',
    (mib) => {
      let sum = 0
      for (let number = 1; number <= MAX_PARTS; number += 1) {
        const size = partSize(number, mib * MIB, undefined)
        expect(size).toBeLessThanOrEqual(MAX_PART_BYTES)
        sum += size
      }
      expect(sum).toBeGreaterThanOrEqual(MAX_OBJECT_BYTES)
    },
  )
})
