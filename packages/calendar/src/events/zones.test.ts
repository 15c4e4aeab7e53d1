import { assert, asyncProperty, constantFrom, integer, property, tuple } from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { collect, connect } from '../testing/calendar-fixture.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'
import type { Calendar } from '../calendar.ts'
import { eventTime, nativeTime, type PlainDate } from './event-time.ts'

/** Among them half an hour of daylight saving, a day that was skipped, and zones that changed their rules. */
const ZONES = [
  'Asia/Tokyo',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Asia/Pyongyang',
  'Africa/Cairo',
  'Europe/Moscow',
] as const

const runs = { numRuns: Number(process.env['YUZURU_RUNS'] ?? 15) }
const zone = constantFrom(...ZONES)
/** Every quarter of an hour from 2010 to 2035. */
const moment = integer({ min: 1_262_304_000 / 900, max: 2_051_222_400 / 900 }).map(
  (quarter) => quarter * 900_000,
)
const day = integer({ min: 0, max: 30_000 }).map((count) => {
  return Temporal.PlainDate.from('1990-01-01').add({ days: count }).toString() as PlainDate
})

test('a moment and a day are read as they were written, in any zone', () => {
  assert(
    property(moment, zone, day, (at, timeZone, date) => {
      expect(eventTime(nativeTime('start', new Date(at), timeZone))).toEqual(new Date(at))
      expect(eventTime(nativeTime('start', date, undefined))).toBe(date)
    }),
    { numRuns: 1_000 },
  )
})

describe.each([
  ['the fake', fake],
  ['the local Google', startGoogleCalendar],
])('%s', (_name, make) => {
  test('keeps moments, days and zones of events, and the time of day of a series', async () => {
    await using fixture = await make({})
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    const length = integer({ min: 1, max: 96 }).map((quarters) => quarters * 900_000)
    await assert(
      asyncProperty(tuple(moment, length), zone, day, async ([at, lengthMs], timeZone, date) => {
        await single(calendar, at, lengthMs, timeZone)
        await wholeDay(calendar, date)
        await series(calendar, at, lengthMs, timeZone)
      }),
      runs,
    )
  })
})

async function single(
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

async function wholeDay(calendar: Calendar, start: PlainDate): Promise<void> {
  const end = Temporal.PlainDate.from(start).add({ days: 1 }).toString() as PlainDate
  const { event } = await calendar.events.create('staff-1', { summary: '休み', start, end })
  expect(await calendar.events.get('staff-1', event)).toMatchObject({ start, end })
}

/** Ten days in a row: each at the same time of the day, but for a day or a time that the zone skips. */
async function series(
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
    recurrence: [`RRULE:FREQ=DAILY;UNTIL=${utc(at + 20 * 86_400_000)}`],
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

function fake(): Awaited<ReturnType<typeof startGoogleCalendar>> {
  const calendar = createFakeCalendar()
  const allow = (url: string, email: string): unknown => calendar.allow(url, email)
  const fixture = { calendar, allow, [Symbol.asyncDispose]: () => calendar.close() }
  return fixture as unknown as Awaited<ReturnType<typeof startGoogleCalendar>>
}
