import { Temporal } from 'temporal-polyfill'
import { expect } from 'vitest'
import type { Calendar } from '../src/calendar.ts'
import type { PlainDate } from '../src/events/event-time.ts'
import { collect } from '../src/testing/calendar-fixture.ts'

const DAY = 86_400_000

/** The day of each: half an hour, an hour, a whole day that was left out, and a rule that was given up. */
export const NAMED: [timeZone: string, before: string][] = [
  ['Asia/Pyongyang', '2015-08-13T09:00:00'],
  ['Asia/Pyongyang', '2018-05-03T23:45:00'],
  ['Pacific/Apia', '2011-12-28T10:00:00'],
  ['America/Sao_Paulo', '2018-11-02T00:30:00'],
  ['America/Sao_Paulo', '2019-11-02T00:30:00'],
  ['Europe/Moscow', '2014-10-25T01:30:00'],
  ['Africa/Cairo', '2023-04-27T00:15:00'],
  ['Australia/Lord_Howe', '2026-10-03T02:15:00'],
  ['Europe/Berlin', '2026-10-24T02:30:00'],
  ['America/New_York', '2026-03-07T02:30:00'],
  ['Pacific/Kiritimati', '2026-12-30T23:30:00'],
]

export async function single(
  calendar: Calendar,
  at: number,
  lengthMs: number,
  timeZone: string,
): Promise<void> {
  const times = { start: new Date(at), end: new Date(at + lengthMs), timeZone }
  const { event } = await calendar.events.create('staff-1', { summary: '会議', ...times })
  expect(await calendar.events.get('staff-1', event)).toMatchObject(times)
  const later = { start: new Date(at + 1_800_000), end: new Date(at + 1_800_000 + lengthMs) }
  const changed = await calendar.events.update('staff-1', { id: event.id, ...later })
  expect(changed).toMatchObject({ ...later, timeZone })
}

export async function wholeDay(calendar: Calendar, start: PlainDate): Promise<void> {
  const end = Temporal.PlainDate.from(start).add({ days: 1 }).toString() as PlainDate
  const { event } = await calendar.events.create('staff-1', { summary: '休み', start, end })
  expect(await calendar.events.get('staff-1', event)).toMatchObject({ start, end })
}

/** Ten days in a row: each at the same time of the day, but for a day or a time that the zone skips. */
export async function series(
  calendar: Calendar,
  at: number,
  lengthMs: number,
  timeZone: string,
): Promise<void> {
  const first = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  const { event } = await calendar.events.create('staff-1', {
    summary: '毎日',
    start: new Date(at),
    end: new Date(at + lengthMs),
    timeZone,
    recurrence: [`RRULE:FREQ=DAILY;UNTIL=${utc(at + 20 * DAY)}`],
  })
  const days = Array.from({ length: 10 }, (_, count) => {
    const wall = first.toPlainDateTime().add({ days: count })
    return { wall, moment: wall.toZonedDateTime(timeZone) }
  })
  const expected = days
    .filter(({ wall, moment: zoned }) => zoned.toPlainDateTime().equals(wall))
    .map(({ moment: zoned }) => zoned.epochMilliseconds)
  // A time that comes twice is the first one by the rule, and that of the start where it begins with it.
  expected[0] = at
  const to = new Date((expected.at(-1) ?? at) + 1)
  const query = { id: event.id, from: new Date(at), to }
  const found = await collect(calendar.events.instances('staff-1', query))
  expect(found.map(({ start }) => (start as Date).getTime())).toEqual(expected)
  expect(found.map(({ start, end }) => Number(end) - Number(start))).toEqual(
    expected.map(() => lengthMs),
  )
  await calendar.events.delete('staff-1', { id: event.id })
}

/** As RFC 5545, 3.3.5 writes it: `20260401T010000Z`. */
function utc(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}
