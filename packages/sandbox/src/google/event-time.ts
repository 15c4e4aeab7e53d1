import { isJsonObject, type Json } from '../json.ts'
import { badParameter, CalendarFailure } from './calendar-error.ts'

/** Milliseconds since 1970 of an RFC 3339 time with an offset, as `timeMin` must be. */
export function parseInstant(text: string, name: string): number {
  const match = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i.test(text)
  const instant = match ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instant)) throw badParameter(name)
  return instant
}

/**
 * The moment of an event's `start` or `end`: `{ date }`, or `{ dateTime }` with an offset or a
 * `timeZone`. A whole day begins at midnight in the calendar's zone.
 *
 * @throws CalendarFailure 400
 */
export function eventInstant(value: Json | undefined, name: 'start' | 'end', zone: string): number {
  if (!isJsonObject(value)) throw new CalendarFailure(400, 'required', `Missing ${name} time.`)
  const { date, dateTime, timeZone } = value
  if (typeof date === 'string') {
    if (dateTime !== undefined || !/^\d{4}-\d{2}-\d{2}$/.test(date)) throw wrong(name)
    return inZone(`${date}T00:00:00`, zone, name)
  }
  if (typeof dateTime !== 'string') throw wrong(name)
  if (/(?:Z|[+-]\d{2}:\d{2})$/i.test(dateTime)) return parseInstant(dateTime, name)
  if (
    typeof timeZone !== 'string' ||
    !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?$/.test(dateTime)
  ) {
    throw new CalendarFailure(400, 'required', `Missing time zone definition for ${name} time.`)
  }
  return inZone(dateTime, timeZone, name)
}

/** A wall-clock time in a zone: guessed as UTC, then moved by the zone's offset at that moment. */
function inZone(wall: string, zone: string, name: string): number {
  const guess = Date.parse(`${wall}Z`)
  if (Number.isNaN(guess)) throw wrong(name)
  const first = guess - offset(guess, zone, name)
  return guess - offset(first, zone, name)
}

function offset(instant: number, zone: string, name: string): number {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    const parts = Object.fromEntries(
      format.formatToParts(instant).map((part) => [part.type, part.value]),
    )
    const { year, month, day, hour, minute, second } = parts
    const wall = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
    return wall - Math.floor(instant / 1000) * 1000
  } catch {
    throw new CalendarFailure(400, 'invalid', `Invalid time zone definition for ${name} time.`)
  }
}

function wrong(name: string): CalendarFailure {
  return new CalendarFailure(400, 'invalid', `Invalid value for: Invalid format in ${name} time.`)
}
