import {
  expectInteger,
  expectOneOf,
  expectRequiredOptions,
  expected,
} from '@yuzuru/concurrency/boundary'
import { contentLine } from './content-lines.ts'
import type { EventTime } from './event-time.ts'

/** A day of the week. */
export type InviteWeekday =
  | 'sunday'
  | 'monday'
  | 'tuesday'
  | 'wednesday'
  | 'thursday'
  | 'friday'
  | 'saturday'

/** How an event repeats: a rule of iCalendar's (RFC 5545, 3.3.10) that comes to an end. */
export interface InviteRepetition {
  /** In step with the start: its hour, its day of the month. A month that has no such day is left out. */
  readonly every: 'day' | 'week' | 'month' | 'year'
  /** Every so many of them: 1 to 99. @default 1 */
  readonly interval?: number | undefined
  /** With `'week'`: on which days, that of the start among them. @default that of the start */
  readonly on?: readonly InviteWeekday[] | undefined
  /** How often in all, the first time included: 2 to 1,000. Either this or `until`. */
  readonly count?: number | undefined
  /** When it may begin for the last time: a Date, or a day for an event of days. Ten years from the start at most. */
  readonly until?: Date | string | undefined
  /** Which times are left out: when they would begin, as Dates, or as days for an event of days. */
  readonly except?: readonly (Date | string)[] | undefined
}

const NAMES: readonly string[] = Object.keys({
  every: true,
  interval: true,
  on: true,
  count: true,
  until: true,
  except: true,
} satisfies Record<keyof InviteRepetition, true>)

const WEEKDAYS: readonly InviteWeekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
]

const FREQUENCIES = { day: 'DAILY', week: 'WEEKLY', month: 'MONTHLY', year: 'YEARLY' } as const
const DAYS = { day: 1, week: 7, month: 31, year: 366 } as const
const DAY_MS = 86_400_000
const LONGEST_MS = 10 * 366 * DAY_MS
const MOST_EXCEPTIONS = 1_000

/** The lines of a repetition, and when it is over at the latest: so far its zone has to be described. */
export interface Repeated {
  readonly lines: readonly string[]
  readonly over: Date
}

/** @throws {TypeError} unless it is valid, and ends within ten years */
export function repetition(repeats: InviteRepetition, time: EventTime): Repeated {
  expectRequiredOptions(repeats, NAMES, 'calendarInvite.repeats')
  const { every, interval = 1, on, except = [] } = repeats
  expectOneOf('repeats.every', every, ['day', 'week', 'month', 'year'])
  expectInteger('repeats.interval', interval, 1, 99)
  if (!Array.isArray(except)) throw expected('repeats.except to be a list', except)
  if (except.length > MOST_EXCEPTIONS) {
    throw new TypeError(`Expected repeats.except to be at most ${MOST_EXCEPTIONS}, got more`)
  }
  const end = endOf(repeats, time)
  if (end.over.getTime() - time.startsAt.getTime() > LONGEST_MS) {
    throw new TypeError('Expected repeats to end within ten years, got a later end')
  }
  const rule = [
    `FREQ=${FREQUENCIES[every]}`,
    ...(interval === 1 ? [] : [`INTERVAL=${interval}`]),
    ...(on === undefined ? [] : [`BYDAY=${weekdays(on, every, time)}`]),
    end.part,
    // Without it a week begins on Monday, also for calendars that show it otherwise.
    ...(every === 'week' ? ['WKST=MO'] : []),
  ]
  const left = except.map((one: unknown) => time.line('EXDATE', 'repeats.except', one))
  return { lines: [contentLine('RRULE', rule.join(';')), ...left], over: end.over }
}

function endOf(
  { every, interval = 1, count, until }: InviteRepetition,
  time: EventTime,
): { readonly part: string; readonly over: Date } {
  if ((count === undefined) === (until === undefined)) {
    throw new TypeError('Expected repeats to have either count or until, got both or neither')
  }
  if (count === undefined) {
    const { value, at } = time.until('repeats.until', until)
    if (at < time.startsAt)
      throw new TypeError('Expected repeats.until not to be before the start, got an earlier one')
    return { part: `UNTIL=${value}`, over: at }
  }
  expectInteger('repeats.count', count, 2, 1_000)
  const spanMs = count * interval * DAYS[every] * DAY_MS
  return { part: `COUNT=${count}`, over: new Date(time.startsAt.getTime() + spanMs) }
}

/** RFC 5545, 3.8.5.3: what a rule gives whose start is not in step with it is undefined. */
function weekdays(on: unknown, every: string, { weekday }: EventTime): string {
  if (every !== 'week') throw new TypeError('Expected repeats.on with every week, got it without')
  if (!Array.isArray(on) || on.length === 0) {
    throw expected('repeats.on to be a list of weekdays', on)
  }
  for (const day of on as unknown[]) expectOneOf('repeats.on', day, WEEKDAYS)
  const own = WEEKDAYS[weekday]
  if (!on.includes(own)) {
    throw new TypeError(`Expected repeats.on to hold the day of the start, ${own}, got others`)
  }
  const names = WEEKDAYS.filter((day) => on.includes(day))
  return names.map((day) => day.slice(0, 2).toUpperCase()).join(',')
}
