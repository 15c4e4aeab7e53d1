import { describe, expect, test } from 'vitest'
import { backoffDelay, expectBackoff } from './backoff.ts'

const error = new Error('down')

describe('backoffDelay', () => {
  test('is random up to a bound that doubles, up to the greatest bound', () => {
    const most = (attempt: number): number =>
      backoffDelay({ baseDelayMs: 100, maxDelayMs: 500 }, attempt, error, () => 1)
    expect([1, 2, 3, 4, 1_000].map(most)).toEqual([100, 200, 400, 500, 500])
    expect(backoffDelay({}, 1, error, () => 0)).toBe(0)
    expect(backoffDelay({}, 1, error, () => 0.5)).toBe(500)
  })

  test('is at least what the other side asked for', () => {
    const throttled = Object.assign(new Error('slow down'), { retryAfterMs: 5_000 })
    expect(backoffDelay({}, 1, throttled, () => 1)).toBe(5_000)
    expect(backoffDelay(() => 9_000, 1, throttled)).toBe(9_000)
    expect(backoffDelay(() => 1, 1, { retryAfterMs: 'soon' })).toBe(1)
  })

  test('is within a year and never below zero, whatever a function gives', () => {
    expect(backoffDelay(() => Number.NaN, 1, error)).toBe(0)
    expect(backoffDelay(() => -5, 1, error)).toBe(0)
    expect(backoffDelay(() => 1e300, 1, error)).toBe(31_536_000_000)
  })
})

test('expectBackoff throws unless it is a backoff', () => {
  expect(() => expectBackoff(null as never)).toThrow('Expected backoff')
  expect(() => expectBackoff({ baseDelayMs: -1 })).toThrow('Expected backoff.baseDelayMs')
  expect(() => expectBackoff({ maxDelayMs: Infinity })).toThrow('Expected backoff.maxDelayMs')
})
