import { assert as check, double, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoff } from './backoff.ts'

describe('backoff', () => {
  test('is a random part of a bound that doubles, up to the bound of the bound', () => {
    const half = backoff({ baseDelayMs: 100, maxDelayMs: 1_000, random: () => 0.5 })
    expect([1, 2, 3, 4, 5, 6, 2_000].map((attempt) => half(attempt))).toEqual([
      50, 100, 200, 400, 500, 500, 500,
    ])
  })

  test('without options: up to 100 ms at first, and never above 10 s', () => {
    const most = Math.max(...Array.from({ length: 200 }, () => backoff()(1)))
    expect(most).toBeLessThan(100)
    expect(most).toBeGreaterThan(0)
    expect(backoff({ random: () => 1 })(50)).toBe(10_000)
  })

  test('what the other side asked for is a floor: none is shorter, and 0 makes no hot loop', () => {
    const delayMs = backoff({ baseDelayMs: 100, random: () => 0.5 })
    expect([delayMs(1, 30_000), delayMs(1, 0), delayMs(3, 120)]).toEqual([30_000, 50, 200])
  })

  test('is a finite number within its bounds, whatever the attempt', () => {
    check(
      property(
        double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true }),
        double({ min: 0, noNaN: true }),
        double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        (baseDelayMs, maxDelayMs, part, attempt) => {
          const waited = backoff({ baseDelayMs, maxDelayMs, random: () => part })(attempt)
          expect(Number.isFinite(waited) && waited >= 0 && waited <= maxDelayMs).toBe(true)
        },
      ),
    )
  })

  test('refuses bounds and attempts that are none', () => {
    expect(() => backoff({ baseDelayMs: -1 })).toThrow(TypeError)
    expect(() => backoff({ baseDelayMs: Infinity })).toThrow(
      'Expected baseDelayMs to be a number of milliseconds from 0 up, got Infinity',
    )
    expect(() => backoff({ maxDelayMs: Number.NaN })).toThrow(TypeError)
    expect(() => backoff({ random: 0.5 as never })).toThrow('Expected random to be a function')
    expect(() => backoff()(0)).toThrow('Expected attempt to be an integer from 1 up, got 0')
  })
})
