import { expect, test } from 'vitest'
import { LookAgain } from './look-again.ts'

test('looks again less and less often while something is left, and soon when that is new', () => {
  const again = new LookAgain(300)
  expect(again.isNear).toBe(false)
  const waits = [1, 2, 3, 4, 5, 6].map(() => {
    again.looked(true, 1_000)
    return [again.at - 1_000, again.isNear]
  })
  expect(waits).toEqual([
    [20, true],
    [40, true],
    [80, true],
    [160, true],
    [300, true],
    [300, false],
  ])
  again.looked(false)
  expect([again.at, again.isNear]).toEqual([Infinity, false])
  again.looked(true, 1_000)
  expect([again.at, again.isNear]).toEqual([1_020, true])
})
