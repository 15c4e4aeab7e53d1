import { assert, asyncProperty, constantFrom, integer, oneof, property } from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { NAMED, series, single, wholeDay } from '../../test/zone-checks.ts'
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

const EVERYTHING = 'https://www.googleapis.com/auth/calendar'

const runs = { numRuns: Number(process.env['YUZURU_RUNS'] ?? 15) }
const zone = constantFrom(...ZONES)
const [FROM, TO] = [1_262_304_000, 2_051_222_400]
/** Every quarter of an hour from 2010 to 2035. */
const moment = integer({ min: FROM / 900, max: TO / 900 }).map((quarter) => quarter * 900_000)

/** When a zone puts its clocks forward or back, or changes its rules. */
const CHANGES: ReadonlyMap<string, readonly number[]> = new Map(
  ZONES.map((name) => [name, changesOf(name)]),
)

function changesOf(timeZone: string): number[] {
  const changes: number[] = []
  let at = Temporal.Instant.fromEpochMilliseconds(FROM * 1_000).toZonedDateTimeISO(timeZone)
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    if (next === null || next.epochMilliseconds > TO * 1_000) return changes
    changes.push(next.epochMilliseconds)
    at = next
  }
}

/** A zone and a moment: half of them in the days before a change, so that a series goes over it. */
const place = zone.chain((timeZone) => {
  const changes = CHANGES.get(timeZone) ?? []
  const near = integer({ min: -8 * 96, max: 4 }).map((quarters) => quarters * 900_000)
  const at = (change: number, by: number): number => Math.round(change / 900_000) * 900_000 + by
  const close = changes.map((change) => near.map((by) => at(change, by)))
  const either = close.length === 0 ? moment : oneof(moment, oneof(...close))
  return either.map((when) => ({ timeZone, at: when }))
})
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
      asyncProperty(place, length, day, async ({ timeZone, at }, lengthMs, date) => {
        await single(calendar, at, lengthMs, timeZone)
        await wholeDay(calendar, date)
        await series(calendar, at, lengthMs, timeZone)
      }),
      runs,
    )
  })
})

describe.each([
  ['the fake', fake],
  ['the local Google', startGoogleCalendar],
])('%s', (_name, make) => {
  test('keeps a series over each change that a zone is known for, and days on both sides of the date line', async () => {
    await using fixture = await make({})
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com', [EVERYTHING])
    for (const [timeZone, wall] of NAMED) {
      const at = Temporal.PlainDateTime.from(wall).toZonedDateTime(timeZone).epochMilliseconds
      await single(calendar, at, 3_600_000, timeZone)
      await series(calendar, at, 3_600_000, timeZone)
    }
    for (const timeZone of ['Pacific/Apia', 'Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
      await wholeDays(calendar, timeZone)
    }
  })
})

/** Days are the calendar's, wherever that is: no zone takes one off, nor moves it to the day before. */
async function wholeDays(calendar: Calendar, timeZone: string): Promise<void> {
  const { id: calendarId } = await calendar.calendars.create('staff-1', {
    summary: '休み',
    timeZone,
  })
  // On the 30th of December 2011 there was no day in Apia.
  const days = ['2011-12-28', '2011-12-29', '2011-12-30', '2011-12-31', '2012-01-01'] as const
  const [start, end] = days
  const { event } = await calendar.events.create('staff-1', {
    calendarId,
    summary: '休み',
    start,
    end,
    recurrence: ['RRULE:FREQ=DAILY;COUNT=5'],
  })
  const found = await collect(calendar.events.instances('staff-1', { calendarId, id: event.id }))
  expect(found.map((each) => each.start)).toEqual(days)
  expect(found.map(({ originalStart }) => originalStart)).toEqual(days)
  const [, second] = found
  const moved = { start: '2012-02-01', end: '2012-02-02' } as const
  const place = { calendarId, id: second?.id ?? '' }
  const changed = await calendar.events.update('staff-1', { ...place, ...moved })
  expect(changed).toMatchObject({ ...moved, originalStart: days[1] })
}

function fake(): Awaited<ReturnType<typeof startGoogleCalendar>> {
  const calendar = createFakeCalendar()
  const allow = (url: string, email: string): unknown => calendar.allow(url, email)
  const fixture = { calendar, allow, [Symbol.asyncDispose]: () => calendar.close() }
  return fixture as unknown as Awaited<ReturnType<typeof startGoogleCalendar>>
}
