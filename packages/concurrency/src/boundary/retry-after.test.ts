import { describe, expect, test } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

const at = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT')

describe('retryAfterMs', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['9999999999', 9_999_999_999_000],
  ])('seconds: %j', (value, expected) => {
    expect(retryAfterMs(value)).toBe(expected)
  })

  test('a date is measured against the date of the answer, and else against our clock', () => {
    const until = 'Sun, 06 Nov 1994 08:49:47 GMT'
    expect(retryAfterMs(until, 'Sun, 06 Nov 1994 08:49:37 GMT', at + 5_000)).toBe(10_000)
    expect(retryAfterMs(until, null, at + 5_000)).toBe(5_000)
    expect(retryAfterMs(until, 'yesterday', at)).toBe(10_000)
    expect(retryAfterMs(until, undefined, at + 60_000)).toBe(0)
    expect(retryAfterMs(until)).toBe(0)
  })

  test.each([null, undefined, '', '-1', '1.5', '12345678901', 'soon', '1994-11-06', '1e3'])(
    'none: %j',
    (value) => {
      expect(retryAfterMs(value)).toBeUndefined()
    },
  )

  test('a date that has the form and is none', () => {
    expect(retryAfterMs('Sun, 66 Nov 1994 08:49:47 GMT')).toBeUndefined()
  })
})
