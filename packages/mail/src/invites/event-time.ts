import { expected, expectLine } from '@yuzuru/concurrency/boundary'
import { contentLine, localTime, utcTime } from './content-lines.ts'
import { TimeZone } from './time-zone.ts'

const DAY_MS = 86_400_000
const LONGEST_MS = 366 * DAY_MS

/** An event from a time to a time. */
export interface EventHours {
  readonly start: Date
  /** After `start`, by a year at most. */
  readonly end: Date
  /** Of IANA: `'Asia/Tokyo'`; calendars show the event in it. @default UTC */
  readonly timeZone?: string | undefined
  readonly day?: undefined
  readonly lastDay?: undefined
}

/** An event of whole days, which are the same in every zone. */
export interface EventDays {
  /** The first day: `'2026-04-01'`. */
  readonly day: string
  /** Up to a year after the first. @default the first */
  readonly lastDay?: string | undefined
  readonly start?: undefined
  readonly end?: undefined
  readonly timeZone?: undefined
}

/** When an event is, in the lines of a calendar object. */
export interface EventTime {
  readonly startsAt: Date
  /** DTSTART and DTEND. */
  readonly lines: readonly string[]
  readonly zone: TimeZone | undefined
  /** 0 is Sunday, on the clock of the event. */
  readonly weekday: number
  /** A moment of the same kind as the start. @throws {TypeError} unless it is one */
  line(name: string, field: string, value: unknown): string
  /** The value of UNTIL (RFC 5545, 3.3.10): of the kind of the start, and in UTC. */
  until(field: string, value: unknown): { readonly value: string; readonly at: Date }
}

/** @throws {TypeError} unless the event has hours or days, and valid ones */
export function eventTime(event: EventHours | EventDays, repeats: boolean): EventTime {
  return event.day === undefined ? hoursOf(event, repeats) : daysOf(event)
}

/** @throws {TypeError} unless it is a Date that a calendar object can say */
export function expectDate(name: string, date: unknown): Date {
  if (date instanceof Date && date.getTime() >= 0 && date.getUTCFullYear() < 10_000) return date
  throw new TypeError(`Expected ${name} to be a Date from 1970 on, got something else`)
}

function hoursOf({ start, end, timeZone, lastDay }: EventHours, repeats: boolean): EventTime {
  if (lastDay !== undefined) throw new TypeError('Expected lastDay with day, got it without')
  const lengthMs = expectDate('end', end).getTime() - expectDate('start', start).getTime()
  if (lengthMs <= 0 || lengthMs > LONGEST_MS) {
    throw new TypeError('Expected end to be after start, by a year at most, got another time')
  }
  const zone = timeZone === undefined ? undefined : zoneOf(timeZone)
  if (repeats && zone?.isAmbiguous(start)) {
    // In UTC it would repeat at another hour of the day, in the zone it may be the other of the two.
    throw new TypeError('Expected start of what repeats to be shown once by its clock, got twice')
  }
  const line = (name: string, date: Date): string =>
    zone === undefined || zone.isAmbiguous(date)
      ? contentLine(name, utcTime(date))
      : contentLine(`${name};TZID=${zone.name}`, localTime(date, zone.offsetMs(date)))
  return {
    startsAt: start,
    lines: [line('DTSTART', start), line('DTEND', end)],
    zone,
    weekday: new Date(start.getTime() + (zone?.offsetMs(start) ?? 0)).getUTCDay(),
    line: (name, field, value) => line(name, expectDate(field, value)),
    until: (field, value) => {
      const at = expectDate(field, value)
      return { value: utcTime(at), at }
    },
  }
}

function daysOf({ day, lastDay = day, start, end, timeZone }: EventDays): EventTime {
  if (start !== undefined || end !== undefined || timeZone !== undefined) {
    throw new TypeError('Expected start and end, or day without a timeZone, got both')
  }
  const first = dayOf('day', day)
  const last = dayOf('lastDay', lastDay)
  const lengthMs = last.getTime() - first.getTime()
  if (lengthMs < 0 || lengthMs > LONGEST_MS) {
    throw new TypeError('Expected lastDay to be day, or later by a year at most, got another day')
  }
  const line = (name: string, date: Date): string =>
    contentLine(`${name};VALUE=DATE`, date.toISOString().slice(0, 10).replaceAll('-', ''))
  return {
    startsAt: first,
    // The day after the last one (RFC 5545, 3.6.1).
    lines: [line('DTSTART', first), line('DTEND', new Date(last.getTime() + DAY_MS))],
    zone: undefined,
    weekday: first.getUTCDay(),
    line: (name, field, value) => line(name, dayOf(field, value)),
    until: (field, value) => {
      const at = dayOf(field, value)
      return { value: at.toISOString().slice(0, 10).replaceAll('-', ''), at }
    },
  }
}

function dayOf(field: string, value: unknown): Date {
  if (typeof value !== 'string') throw expected(`${field} to be a day such as "2026-04-01"`, value)
  expectLine(field, value, 10)
  const date = /^\d{4}-\d\d-\d\d$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined
  const isDay = date !== undefined && date.getTime() >= 0 && date.toISOString().startsWith(value)
  if (!isDay) {
    throw new TypeError(`Expected ${field} to be a day such as "2026-04-01", got another string`)
  }
  return date
}

function zoneOf(name: unknown): TimeZone {
  // An offset (`+09:00`) is a zone of Intl's, and none of IANA's.
  if (typeof name === 'string' && /^[A-Za-z][\w+/-]*$/.test(name)) {
    try {
      return new TimeZone(name)
    } catch {
      // Said below.
    }
  }
  throw new TypeError('Expected timeZone to be one of IANA such as "Asia/Tokyo", got another value')
}
