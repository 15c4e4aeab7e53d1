import {
  expected,
  expectInteger,
  expectObject,
  expectOneOf,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import type { calendar_v3 } from '@googleapis/calendar'
import { type EventTime, expectSpan, expectTimeZone, nativeTime } from './event-time.ts'

/** An invited person. */
export type EventAttendee =
  | string
  | {
      readonly email: string
      readonly name?: string | undefined
      readonly optional?: boolean | undefined
    }

/** A reminder: minutes before the start, 0 to 40,320 (four weeks). */
export interface EventReminder {
  readonly method: 'email' | 'popup'
  readonly minutes: number
}

/** What an event says. */
export interface EventFields {
  readonly summary: string
  readonly description?: string | undefined
  readonly location?: string | undefined
  readonly start: EventTime
  /** For whole days the first day after the event. */
  readonly end: EventTime
  /** The IANA zone in which a moment is shown and repeats. @default the calendar's */
  readonly timeZone?: string | undefined
  /** At most 200. */
  readonly attendees?: readonly EventAttendee[] | undefined
  /** At most 5; `'default'` are those of the calendar. @default 'default' */
  readonly reminders?: 'default' | readonly EventReminder[] | undefined
  /** Google's own fields, for what has none here: `recurrence`, `visibility` … */
  readonly native?: Omit<calendar_v3.Schema$Event, 'id' | 'start' | 'end' | 'summary'> | undefined
}

/** The names of {@link EventFields}. */
export const EVENT_FIELDS: Readonly<Record<keyof EventFields, true>> = {
  summary: true,
  description: true,
  location: true,
  start: true,
  end: true,
  timeZone: true,
  attendees: true,
  reminders: true,
  native: true,
}

/** Changes: a field that is left out stays, `null` takes it off. */
export type EventChanges = {
  readonly [Name in keyof EventFields]?: Name extends 'description' | 'location'
    ? EventFields[Name] | null | undefined
    : EventFields[Name] | undefined
}

/** The body for a new event. */
export function newNativeEvent(id: string, fields: EventFields): calendar_v3.Schema$Event {
  const { summary, start, end } = fields
  if (typeof summary !== 'string') {
    throw expected('summary to be a string', summary)
  }
  for (const [name, value] of Object.entries({ start, end })) {
    if (value === undefined) throw new TypeError(`Expected ${name}, got undefined`)
  }
  return { ...nativeEvent(fields), id }
}

/**
 * The body for a change. A moment in place of a day, or the reverse, takes the other one off; so do the
 * calendar's reminders those of the event: Google refuses both at once, and merges what is sent.
 */
export function nativeChanges(changes: EventChanges): calendar_v3.Schema$Event {
  const { start, end, ...others } = nativeEvent(changes)
  if (start === undefined && end === undefined && Object.keys(others).length === 0) {
    throw new TypeError('Expected at least one field to change, got none')
  }
  return {
    ...others,
    ...(changes.reminders === 'default'
      ? { reminders: { useDefault: true, overrides: null as never } }
      : {}),
    ...(start === undefined ? {} : { start: onlyThis(start) }),
    ...(end === undefined ? {} : { end: onlyThis(end) }),
  }
}

function onlyThis(time: calendar_v3.Schema$EventDateTime): calendar_v3.Schema$EventDateTime {
  return time.date === undefined
    ? { date: null, ...time }
    : { dateTime: null, timeZone: null, ...time }
}

function nativeEvent(fields: EventChanges): calendar_v3.Schema$Event {
  const { start, end, timeZone, attendees, reminders, native = {} } = fields
  expectObject('native', native)
  const event: calendar_v3.Schema$Event = { ...native }
  for (const name of ['summary', 'description', 'location'] as const) {
    const value = fields[name]
    if (value === undefined) continue
    if (typeof value !== 'string' && !(value === null && name !== 'summary')) {
      throw expected(`${name} to be a string`, value)
    }
    event[name] = value
  }
  if (timeZone !== undefined) {
    expectTimeZone(timeZone)
    // It is said with a moment, and nowhere else: by itself it would change nothing, and be reported as done.
    if (!(start instanceof Date || end instanceof Date)) {
      throw new TypeError('Expected timeZone with start or end as a Date, got it without')
    }
  }
  if (native.recurrence && start instanceof Date && timeZone === undefined) {
    throw new TypeError('Expected timeZone with native.recurrence: a series repeats in a zone')
  }
  if (start !== undefined) event.start = nativeTime('start', start, timeZone)
  if (end !== undefined) event.end = nativeTime('end', end, timeZone)
  if (start !== undefined && end !== undefined) expectSpan(start, end)
  if (attendees !== undefined) event.attendees = nativeAttendees(attendees)
  if (reminders !== undefined) event.reminders = nativeReminders(reminders)
  return event
}

function nativeAttendees(attendees: readonly EventAttendee[]): calendar_v3.Schema$EventAttendee[] {
  if (!Array.isArray(attendees) || attendees.length > 200) {
    throw new TypeError('Expected attendees to be a list of at most 200')
  }
  return attendees.map((attendee: EventAttendee) => {
    const { email, name, optional }: Exclude<EventAttendee, string> =
      typeof attendee === 'string' ? { email: attendee } : attendee
    if (typeof attendee !== 'string') {
      expectOptions(attendee, ['email', 'name', 'optional'], 'attendees')
    }
    if (typeof email !== 'string' || !/^[^\s@<>]+@[^\s@<>]+$/.test(email)) {
      throw new TypeError('Expected the email of each attendee to be an address')
    }
    return {
      email,
      ...(name === undefined ? {} : { displayName: name }),
      ...(optional === undefined ? {} : { optional }),
    }
  })
}

function nativeReminders(
  reminders: NonNullable<EventFields['reminders']>,
): NonNullable<calendar_v3.Schema$Event['reminders']> {
  if (reminders === 'default') return { useDefault: true }
  if (!Array.isArray(reminders) || reminders.length > 5) {
    throw new TypeError("Expected reminders to be 'default' or a list of at most 5")
  }
  const overrides = reminders.map((reminder: EventReminder) => {
    expectOptions(reminder, ['method', 'minutes'], 'reminders')
    const { method, minutes } = reminder
    expectOneOf('the method of each reminder', method, ['email', 'popup'])
    expectInteger('the minutes of each reminder', minutes, 0, 40_320)
    return { method, minutes }
  })
  return { useDefault: false, overrides }
}
