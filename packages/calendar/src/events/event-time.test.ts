import { expect, expectTypeOf, test } from 'vitest'
import { isPlainDate, type PlainDate } from './event-time.ts'

test.each([
  ['2026-04-01', true],
  ['2028-02-29', true],
  ['0001-01-01', true],
  ['9999-12-31', true],
  ['2026-02-29', false],
  ['2026-02-30', false],
  ['2026-13-01', false],
  ['2026-00-10', false],
  ['2026-4-1', false],
  ['20260401', false],
  ['2026-04-01T00:00:00Z', false],
  ['2026-04-01 ', false],
  ['２０２６-04-01', false],
  ['', false],
  [undefined, false],
  [new Date('2026-04-01'), false],
  [['2026-04-01'], false],
])('%j is a day of the calendar: %s', (text: unknown, isDay) => {
  expect(isPlainDate(text)).toBe(isDay)
  if (isPlainDate(text)) expectTypeOf(text).toEqualTypeOf<PlainDate>()
})
