import { expectBoolean, expected } from '@yuzuru/concurrency/boundary'
import type { calendar_v3 } from '@googleapis/calendar'
import { type EventAttendee, nativeAttendees } from './attendees.ts'
import { type EventTime, expectSpan, expectTimeZone, nativeTime } from './event-time.ts'
import { sentFields } from './native-body.ts'
import { type EventReminder, nativeReminders } from './reminders.ts'

/** What has a name of its own here, by Google's name. */
type Ours =
  | 'id'
  | 'start'
  | 'end'
  | 'summary'
  | 'description'
  | 'location'
  | 'attendees'
  | 'reminders'
  | 'recurrence'

/** What Google sets alone: given, it would be left out without a word. */
type ReadOnly =
  | 'attendeesOmitted'
  | 'created'
  | 'creator'
  | 'endTimeUnspecified'
  | 'etag'
  | 'hangoutLink'
  | 'htmlLink'
  | 'kind'
  | 'locked'
  | 'organizer'
  | 'originalStartTime'
  | 'privateCopy'
  | 'recurringEventId'
  | 'updated'

const REFUSED: readonly string[] = Object.keys({
  id: true,
  start: true,
  end: true,
  summary: true,
  description: true,
  location: true,
  attendees: true,
  reminders: true,
  recurrence: true,
  attendeesOmitted: true,
  created: true,
  creator: true,
  endTimeUnspecified: true,
  etag: true,
  hangoutLink: true,
  htmlLink: true,
  kind: true,
  locked: true,
  organizer: true,
  originalStartTime: true,
  privateCopy: true,
  recurringEventId: true,
  updated: true,
} satisfies Record<Ours | ReadOnly, true>)

/** What an event says. */
export interface EventFields {
  readonly summary: string
  readonly description?: string | undefined
  readonly location?: string | undefined
  readonly start: EventTime
  /** For whole days the first day after the event. */
  readonly end: EventTime
  /**
   * The IANA zone in which a moment is shown and repeats, such as `'Asia/Tokyo'`; an offset is none. A series
   * that begins at a moment needs one. @default the calendar's
   */
  readonly timeZone?: string | undefined
  /**
   * Makes it a series: the lines `RRULE`, `RDATE` and `EXDATE` of RFC 5545, 3.8.5, such as
   * `['RRULE:FREQ=WEEKLY;COUNT=10']`. One of its occurrences is changed or deleted by the id that
   * `events.instances` gives it.
   */
  readonly recurrence?: readonly string[] | undefined
  /** At most 200. */
  readonly attendees?: readonly EventAttendee[] | undefined
  /** At most 5; `'default'` are those of the calendar. @default 'default' */
  readonly reminders?: 'default' | readonly EventReminder[] | undefined
  /** True: with a Google Meet, whose address is `meetUrl`. @default false */
  readonly meet?: boolean | undefined
  /** Google's own fields, for what has none here: `visibility`, `colorId`, `extendedProperties` … */
  readonly native?: Omit<calendar_v3.Schema$Event, Ours | ReadOnly> | undefined
}

/** The names of {@link EventFields}. */
export const EVENT_FIELDS: Readonly<Record<keyof EventFields, true>> = {
  summary: true,
  description: true,
  location: true,
  start: true,
  end: true,
  timeZone: true,
  recurrence: true,
  attendees: true,
  reminders: true,
  meet: true,
  native: true,
}

/** What a change says of an event, as far as it stands by itself. */
export type PlainChanges = {
  readonly [Name in keyof EventFields]?: Name extends 'description' | 'location' | 'recurrence'
    ? EventFields[Name] | null | undefined
    : EventFields[Name] | undefined
}

/** The body for a new event. */
export function newNativeEvent(id: string, fields: EventFields): calendar_v3.Schema$Event {
  const { summary, start, end } = fields
  if (typeof summary !== 'string') throw expected('summary to be a string', summary)
  for (const [name, value] of Object.entries({ start, end })) {
    if (value === undefined) throw new TypeError(`Expected ${name}, got undefined`)
  }
  return { ...nativeEvent(fields, id), id }
}

/** @param requestId of a Meet: Google makes one for each, however often it comes */
export function nativeEvent(fields: PlainChanges, requestId: string): calendar_v3.Schema$Event {
  const { start, end, timeZone, recurrence, attendees, reminders, meet } = fields
  const native = sentFields(fields.native ?? {})
  expectNative(native)
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
  if (recurrence !== undefined) event.recurrence = nativeRecurrence(recurrence)
  if ((recurrence ?? []).length > 0 && start instanceof Date && timeZone === undefined) {
    throw new TypeError('Expected timeZone with recurrence: a series repeats in a zone')
  }
  if (start !== undefined) event.start = nativeTime('start', start, timeZone)
  if (end !== undefined) event.end = nativeTime('end', end, timeZone)
  if (start !== undefined && end !== undefined) expectSpan(start, end)
  if (attendees !== undefined) event.attendees = nativeAttendees(attendees)
  if (reminders !== undefined) event.reminders = nativeReminders(reminders)
  if (meet !== undefined) {
    expectBoolean('meet', meet)
    if (native.conferenceData !== undefined) {
      throw new TypeError('Expected either meet or native.conferenceData, got both')
    }
    if (meet) event.conferenceData = newMeet(requestId)
  }
  return event
}

function newMeet(requestId: string): calendar_v3.Schema$ConferenceData {
  return { createRequest: { requestId, conferenceSolutionKey: { type: 'hangoutsMeet' } } }
}

function nativeRecurrence(lines: readonly string[] | null): string[] {
  // In a patch a null unsets: the series becomes a single event.
  if (lines === null) return null as never
  const isLine = (line: unknown): boolean =>
    typeof line === 'string' && /^(?:RRULE|RDATE|EXDATE)[:;][\x20-\x7e]{1,2000}$/.test(line)
  if (Array.isArray(lines) && lines.length > 0 && lines.every((line) => isLine(line))) {
    return [...lines]
  }
  throw new TypeError(
    "Expected recurrence to be a list of lines such as 'RRULE:FREQ=WEEKLY;COUNT=10' (RRULE, RDATE, EXDATE)",
  )
}

function expectNative(native: object): void {
  const name = Object.keys(native).find((each) => REFUSED.includes(each))
  if (name === undefined) return
  throw new TypeError(`Expected native without ${name}: it has a name here, or Google sets it`)
}
