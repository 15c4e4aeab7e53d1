import { array, assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayOf, freeTimes, isDay, nextWorkdays, officeHours, slots } from './free-times.ts'

const DAY = '2026-04-01'
const at = (time: string): Date => new Date(`${DAY}T${time}:00+09:00`)
const busy = (from: string, to: string) => ({ start: at(from), end: at(to) })

describe('the free times of a day', () => {
  test.each([
    ['nothing is taken', [], [['09:00', '18:00']]],
    [
      'one in the middle',
      [busy('12:00', '13:00')],
      [
        ['09:00', '12:00'],
        ['13:00', '18:00'],
      ],
    ],
    ['over its ends', [busy('08:00', '10:00'), busy('17:00', '19:00')], [['10:00', '17:00']]],
    [
      'in any order, one within another',
      [busy('11:00', '12:00'), busy('09:30', '13:00')],
      [
        ['09:00', '09:30'],
        ['13:00', '18:00'],
      ],
    ],
    ['all of it', [busy('00:00', '23:00')], []],
  ] as const)('%s', (_name, taken, free) => {
    expect(freeTimes(DAY, taken)).toEqual(free.map(([from, to]) => busy(from, to)))
  })

  test('are what is neither closed nor taken, minute by minute', () => {
    const minute = integer({ min: 0, max: 24 * 60 - 1 })
    const pairs = array(array(minute, { minLength: 2, maxLength: 2 }), { maxLength: 6 })
    const midnight = at('00:00').getTime()
    assert(
      property(pairs, (ends) => {
        const taken = ends.map(([a = 0, b = 0]) => ({
          start: new Date(midnight + Math.min(a, b) * 60_000),
          end: new Date(midnight + Math.max(a, b) * 60_000),
        }))
        const free = freeTimes(DAY, taken)
        const { start, end } = officeHours(DAY)
        for (let time = start.getTime(); time < end.getTime(); time += 60_000) {
          const isIn = (each: { start: Date; end: Date }): boolean =>
            each.start.getTime() <= time && time < each.end.getTime()
          expect(free.some(isIn)).toBe(!taken.some(isIn))
        }
      }),
    )
  })
})

test('a slot is free when the whole meeting is', () => {
  const shown = slots(DAY, [busy('10:30', '11:00'), busy('13:00', '14:00')])
  expect(shown.map(({ value }) => value.slice(-5))).toEqual(
    ['09:00', '10:00', '11:00', '12:00', '13:00', '14:00', '15:00', '16:00', '17:00'], //
  )
  expect(shown.filter(({ free }) => !free).map(({ value }) => value.slice(-5))).toEqual([
    '10:00',
    '13:00',
  ])
})

test('days are those of Japan, and workdays leave out the end of the week', () => {
  expect(dayOf(new Date('2026-03-31T15:00:00Z'))).toBe('2026-04-01')
  // A Friday.
  expect(nextWorkdays(new Date('2026-04-03T10:00:00+09:00'), 3)).toEqual([
    '2026-04-06',
    '2026-04-07',
    '2026-04-08',
  ])
})

test.each([
  ['2026-04-01', true],
  ['2026-02-29', false],
  ['2026-13-01', false],
  ['1999-01-01', false],
  ['2026-4-1', false],
  ['', false],
])('is a day: %s %s', (text, expected) => {
  expect(isDay(text)).toBe(expected)
})
