import { describe, expect, test } from 'vitest'
import { captureCallPlace } from './call-place.ts'

describe('captureCallPlace', () => {
  test('captures so many stacks in a window, then none until the next one', () => {
    let now = 1e12
    const capture = (always = false): boolean =>
      captureCallPlace(capture, now, always)?.stack?.includes('call-place.test.ts') ?? false
    const many = Array.from({ length: 150 }, () => capture())
    expect(many.filter(Boolean)).toHaveLength(100)
    expect(many.slice(100)).not.toContain(true)
    expect(capture(true)).toBe(true)
    now += 100
    expect(capture()).toBe(true)
    // Another clock was installed, which began anew.
    now = 0
    expect(Array.from({ length: 100 }, () => capture())).not.toContain(false)
  })
})
