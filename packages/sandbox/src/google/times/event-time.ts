import { Temporal } from 'temporal-polyfill'

import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { CalendarFailure, invalid } from '../api/failure.ts'
import { instantOf, isZone } from '../api/parameters.ts'
import type { StoredTime } from '../core/state.ts'

type Which = 'start' | 'end'

/**
 * Reads an event's `start` or `end`: `{ date }`, or `{ dateTime }` with an offset or a `timeZone`. A moment
 * without a zone of its own is meant in the calendar's.
 *
 * @throws CalendarFailure 400
 */
export function readTime(value: Json | undefined, which: Which, zone: string): StoredTime {
  if (!isJsonObject(value)) throw missingTime(which)
  const { date = null, dateTime = null, timeZone = null } = value
  if (timeZone !== null && !(typeof timeZone === 'string' && isZone(timeZone))) {
    throw invalid(`Invalid time zone definition for ${which} time.`)
  }
  if (date !== null) {
    if (dateTime !== null || typeof date !== 'string' || !isDay(date)) throw wrong(which)
    return { date }
  }
  if (dateTime === null) throw missingTime(which)
  if (typeof dateTime !== 'string') throw wrong(which)
  const own = typeof timeZone === 'string' ? timeZone : undefined
  const instant = instantOf(dateTime)
  if (!Number.isNaN(instant)) return moment(instant, own ?? zone)
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?$/i.test(dateTime)) throw wrong(which)
  if (own === undefined) {
    throw new CalendarFailure(400, 'required', `Missing time zone definition for ${which} time.`)
  }
  try {
    // A wall-clock time that a zone skips is moved forward; one that it has twice is the first: RFC 5545, 3.3.5.
    const wall = Temporal.PlainDateTime.from(dateTime, { overflow: 'reject' })
    return moment(wall.toZonedDateTime(own).epochMilliseconds, own)
  } catch {
    throw wrong(which)
  }
}

/** Milliseconds since 1970. A whole day begins at midnight in the calendar's zone. */
export function momentOf(time: StoredTime, zone: string): number {
  if (!('date' in time)) return Date.parse(time.dateTime)
  return Temporal.PlainDate.from(time.date).toZonedDateTime(zone).epochMilliseconds
}

/** As Google shows a time: with the offset that `zone` has then. */
export function shownTime(time: StoredTime, zone: string): JsonObject {
  if ('date' in time) return { date: time.date }
  return { dateTime: inZone(Date.parse(time.dateTime), zone), timeZone: time.timeZone }
}

/** A moment in RFC 3339, to the second, with the offset that the zone has then; UTC is `Z`. */
export function inZone(instant: number, zone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone)
  const text = zoned.toString({ timeZoneName: 'never', smallestUnit: 'second' })
  return text.replace(/\+00:00$/, 'Z')
}

/** A moment with its zone; parts of a second are left out, as Google does. */
export function moment(instant: number, timeZone: string): StoredTime {
  const whole = Math.floor(instant / 1000) * 1000
  return { dateTime: new Date(whole).toISOString().replace('.000Z', 'Z'), timeZone }
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  try {
    Temporal.PlainDate.from(text, { overflow: 'reject' })
    return true
  } catch {
    return false
  }
}

function missingTime(which: Which): CalendarFailure {
  return new CalendarFailure(400, 'required', `Missing ${which} time.`)
}

function wrong(which: Which): CalendarFailure {
  return invalid(`Invalid value for: Invalid format in ${which} time.`)
}
