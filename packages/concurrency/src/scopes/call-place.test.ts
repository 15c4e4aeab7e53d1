import { describe, expect, test } from 'vitest'
import { captureCallPlace } from './call-place.ts'
import { type Clock, installClock } from './clock.ts'

/** A clock that goes on by `stepMs` with each reading. */
const clockOf = (start: number, stepMs: number): Clock => {
  let now = start
  return { now: () => (now += stepMs), schedule: () => ({ cancel: () => undefined }) }
}

/** Captures `count` stacks on a clock, and says which were. */
const captureMany = (count: number, clock: Clock, always = false): boolean[] => {
  const restore = installClock(clock)
  try {
    const capture = (): boolean =>
      captureCallPlace(capture, clock.now(), always)?.stack?.includes('call-place.test.ts') ?? false
    return Array.from({ length: count }, capture)
  } finally {
    restore()
  }
}

const yes = (count: number): boolean[] => Array.from({ length: count }, () => true)
const no = (count: number): boolean[] => Array.from({ length: count }, () => false)

describe('captureCallPlace', () => {
  test('captures so many stacks in a window, then none until the next one', () => {
    const standing = clockOf(1e12, 0)
    expect(captureMany(150, standing)).toEqual([...yes(100), ...no(50)])
    expect(captureMany(1, standing, true)).toEqual(yes(1))
    expect(captureMany(1, clockOf(1e12 + 100, 0))).toEqual(yes(1))
    // Another clock was installed, which began anew.
    expect(captureMany(100, clockOf(1, 0))).toEqual(yes(100))
  })

  test('takes half a percent of the time, or a few stacks where each takes long', () => {
    expect(captureMany(50, clockOf(2e12, 1 / 64))).toEqual([...yes(32), ...no(18)])
    expect(captureMany(50, clockOf(3e12, 1))).toEqual([...yes(20), ...no(30)])
  })
})
