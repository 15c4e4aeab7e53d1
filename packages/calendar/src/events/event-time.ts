import { expected } from '@yuzuru/concurrency/boundary'
import { describeValue } from '@yuzuru/concurrency'
import type { calendar_v3 } from '@googleapis/calendar'

/** A day without a time: `'2026-04-01'`. */
export type PlainDate = `${number}-${number}-${number}`

/** When an event begins or ends: a moment, or for an event of whole days a day. */
export type EventTime = Date | PlainDate

/** Google's way of saying when. */
export function nativeTime(
  name: string,
  time: EventTime,
  timeZone: string | undefined,
): calendar_v3.Schema$EventDateTime {
  if (time instanceof Date) {
    if (Number.isNaN(time.getTime())) throw new TypeError(`Expected ${name} to be a valid Date`)
    const dateTime = time.toISOString()
    return timeZone === undefined ? { dateTime } : { dateTime, timeZone }
  }
  if (isPlainDate(time)) return { date: time }
  const got = typeof time === 'string' ? 'another text' : describeValue(time)
  throw new TypeError(`Expected ${name} to be a Date, or a day such as '2026-04-01', got ${got}`)
}

/** Our way of saying when; `undefined` where Google says nothing (of a cancelled occurrence). */
export function eventTime(
  native: calendar_v3.Schema$EventDateTime | undefined,
): EventTime | undefined {
  if (typeof native?.dateTime === 'string') return new Date(native.dateTime)
  const { date } = native ?? {}
  return typeof date === 'string' && isPlainDate(date) ? date : undefined
}

/**
 * Throws unless both are moments, `end` not before `start`, or both are days, `end` after `start`: the
 * last day is exclusive.
 */
export function expectSpan(start: EventTime, end: EventTime): void {
  if (start instanceof Date !== end instanceof Date) {
    throw new TypeError('Expected start and end to be both a Date, or both a day')
  }
  const backwards = start instanceof Date ? end < start : end <= start
  if (!backwards) return
  throw new TypeError(
    start instanceof Date
      ? 'Expected end not to be before start'
      : 'Expected end to be after start: it is the first day that no longer belongs to the event',
  )
}

/** Throws unless `timeZone` is a time zone of IANA. */
export function expectTimeZone(timeZone: string): void {
  try {
    // An offset is no zone: it knows no daylight saving.
    const isName = typeof timeZone === 'string' && /^[A-Za-z]/.test(timeZone)
    if (isName && new Intl.DateTimeFormat('en', { timeZone })) return
  } catch {
    // Refused below, as anything else that is not a time zone.
  }
  throw expected("timeZone to be an IANA zone such as 'Asia/Tokyo'", timeZone)
}

/**
 * Whether it is a day of the calendar, as `2026-04-01`: what a form or an `<input type="date">` gave is a string to
 * TypeScript until then.
 *
 * @example
 * const start = new URLSearchParams('start=2026-04-01&end=2026-04-02').get('start')
 * if (!isPlainDate(start)) throw new TypeError('Expected start to be a day')
 * await calendar.events.create('staff-3', { idempotencyKey: 'holiday-7', summary: '休業', start, end: '2026-04-02' })
 */
export function isPlainDate(text: unknown): text is PlainDate {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
