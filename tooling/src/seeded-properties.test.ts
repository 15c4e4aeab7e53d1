import { array, integer, readConfigureGlobal, sample } from 'fast-check'
import { expect, test } from 'vitest'
import { seed } from './seed.ts'

test('a property has the same cases in every run of a seed', () => {
  expect(readConfigureGlobal().seed).toBe(seed)
  const cases = (): number[][] => sample(array(integer()), 20)
  expect(cases()).toEqual(cases())
})
