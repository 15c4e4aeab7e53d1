import { Temporal } from 'temporal-polyfill'
import {
  type Arbitrary,
  assert,
  constantFrom,
  integer,
  oneof,
  property,
  uniqueArray,
} from 'fast-check'
import { expect, test } from 'vitest'
import { Schedule } from './schedule.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

/** Zones with a change of their clocks, and a moment near it. */
const CHANGES: readonly (readonly [zone: string, near: string])[] = [
  ['Europe/Berlin', '2025-03-30T01:00Z'],
  ['Europe/Berlin', '2025-10-26T01:00Z'],
  ['America/New_York', '2025-03-09T07:00Z'],
  ['America/New_York', '2025-11-02T06:00Z'],
  ['Asia/Tokyo', '2025-03-30T01:00Z'],
  // Half an hour.
  ['Australia/Lord_Howe', '2025-04-05T15:00Z'],
  ['Australia/Lord_Howe', '2025-10-04T15:30Z'],
  // At midnight.
  ['America/Sao_Paulo', '2018-11-04T03:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00Z'],
  // Rules that changed: a zone that moved for good, by half an hour, and one that moved back.
  ['Asia/Pyongyang', '2018-05-04T15:00Z'],
  ['America/Caracas', '2016-05-01T07:00Z'],
  ['Europe/Istanbul', '2016-09-07T00:00Z'],
  ['Europe/Volgograd', '2018-10-27T22:00Z'],
  // A day that was left out, and one that was there twice.
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  ['Pacific/Kwajalein', '1969-09-30T13:00Z'],
]

const field = (
  max: number,
  isStep: boolean,
): Arbitrary<{ text: string; values: number[]; isWild: boolean }> => {
  const all = Array.from({ length: max }, (_, n) => n)
  const list = uniqueArray(integer({ min: 0, max: max - 1 }), { minLength: 1, maxLength: 3 })
  const fixed = list.map((values) => ({ text: values.join(','), values, isWild: false }))
  if (!isStep) return fixed
  const wild = constantFrom(1, 2, 5, 7, 10).map((step) => ({
    text: step === 1 ? '*' : `*/${step}`,
    values: all.filter((n) => n % step === 0),
    isWild: true,
  }))
  return oneof(fixed, wild)
}

/** What the rules say, by trying each minute and each time on the wall. */
function model(
  zone: string,
  minutes: number[],
  hours: number[],
  isWild: boolean,
  from: number,
  to: number,
): number[] {
  const found = new Set<number>()
  if (isWild) {
    for (let at = from + MINUTE; at <= to; at += MINUTE) {
      const wall = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
      if (minutes.includes(wall.minute) && hours.includes(wall.hour)) found.add(at)
    }
  } else {
    const first = Temporal.Instant.fromEpochMilliseconds(from)
      .toZonedDateTimeISO(zone)
      .toPlainDate()
    for (let day = -1; day < (to - from) / DAY + 2; day += 1) {
      for (const hour of hours)
        for (const minute of minutes) {
          const wall = first.add({ days: day }).toPlainDateTime({ hour, minute })
          const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' })
          const exists = earlier.toPlainDateTime().equals(wall)
          // Where there is none: the first moment after the gap.
          const at = exists
            ? earlier.epochMilliseconds
            : (earlier.getTimeZoneTransition('next') as Temporal.ZonedDateTime).epochMilliseconds
          if (at > from && at <= to) found.add(at)
        }
    }
  }
  return [...found].sort((a, b) => a - b)
}

test('a schedule has the times that a plain model has, around every change of the clocks', () => {
  assert(
    property(
      constantFrom(...CHANGES),
      field(60, true),
      field(24, true),
      integer({ min: -1_440, max: 60 }),
      ([zone, near], minute, hour, shift) => {
        const from = Temporal.Instant.from(near).epochMilliseconds + shift * MINUTE
        const to = from + 2 * DAY
        const wanted = model(
          zone,
          minute.values,
          hour.values,
          minute.isWild || hour.isWild,
          from,
          to,
        ).slice(0, 40)
        const schedule = new Schedule(`${minute.text} ${hour.text} * * *`, zone)
        const times = schedule.times(new Date(from), wanted.length).map((at) => at.toISOString())
        expect(times).toEqual(wanted.map((at) => new Date(at).toISOString()))
        const last = new Date(wanted.at(-1) ?? to)
        expect(schedule.latest(new Date(from), last, 1)).toEqual(
          wanted.slice(-1).map((at) => new Date(at)),
        )
      },
    ),
    { numRuns: 300 },
  )
})
