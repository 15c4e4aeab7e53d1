import type { calendar_v3 } from '@googleapis/calendar'
import { type EventTime, eventTime } from './event-time.ts'

/** What a guest may answer. */
export type AttendeeResponse = 'needsAction' | 'declined' | 'tentative' | 'accepted'

const RESPONSES: readonly AttendeeResponse[] = ['needsAction', 'declined', 'tentative', 'accepted']

/** A guest of an event. */
export interface CalendarAttendee {
  readonly email: string
  readonly name: string | undefined
  readonly response: AttendeeResponse
  readonly optional: boolean
  /** Whether it is the account that looks. */
  readonly self: boolean
}

/** An event as it stands in a calendar. */
export interface CalendarEvent {
  readonly id: string
  /** Another one with every change: hand it to `events.update` to change only what you have seen. */
  readonly etag: string
  /** A deleted event is `'cancelled'`. */
  readonly status: 'confirmed' | 'tentative' | 'cancelled'
  readonly summary: string | undefined
  readonly description: string | undefined
  readonly location: string | undefined
  readonly start: EventTime | undefined
  /** For whole days the first day after the event. */
  readonly end: EventTime | undefined
  readonly timeZone: string | undefined
  /** Of a series: its lines of RFC 5545, 3.8.5. Else there are none. */
  readonly recurrence: readonly string[]
  /** Of an occurrence: the id of its series. */
  readonly seriesId: string | undefined
  /** Of an occurrence: when it begins by the rule of its series, wherever it was moved to. */
  readonly originalStart: EventTime | undefined
  readonly attendees: readonly CalendarAttendee[]
  /** Of a Google Meet. */
  readonly meetUrl: string | undefined
  /** Where a person can look at it. */
  readonly url: string | undefined
  readonly updatedAt: Date | undefined
  /** All that Google said. */
  readonly native: calendar_v3.Schema$Event
}

/** The names of {@link CalendarEvent}. */
export const CALENDAR_EVENT: readonly string[] = Object.keys({
  id: true,
  etag: true,
  status: true,
  summary: true,
  description: true,
  location: true,
  start: true,
  end: true,
  timeZone: true,
  recurrence: true,
  seriesId: true,
  originalStart: true,
  attendees: true,
  meetUrl: true,
  url: true,
  updatedAt: true,
  native: true,
} satisfies Record<keyof CalendarEvent, true>)

/** Reads an event of Google's. */
export function calendarEvent(native: calendar_v3.Schema$Event): CalendarEvent {
  const { status } = native
  return {
    id: native.id ?? '',
    etag: native.etag ?? '',
    status: status === 'tentative' || status === 'cancelled' ? status : 'confirmed',
    summary: native.summary ?? undefined,
    description: native.description ?? undefined,
    location: native.location ?? undefined,
    start: eventTime(native.start),
    end: eventTime(native.end),
    timeZone: native.start?.timeZone ?? undefined,
    recurrence: native.recurrence ?? [],
    seriesId: native.recurringEventId ?? undefined,
    originalStart: eventTime(native.originalStartTime),
    attendees: (native.attendees ?? []).map((guest) => ({
      email: guest.email ?? '',
      name: guest.displayName ?? undefined,
      response: responseOf(guest.responseStatus),
      optional: guest.optional ?? false,
      self: guest.self ?? false,
    })),
    meetUrl: native.hangoutLink ?? undefined,
    url: native.htmlLink ?? undefined,
    updatedAt: typeof native.updated === 'string' ? new Date(native.updated) : undefined,
    native,
  }
}

function responseOf(status: string | null | undefined): AttendeeResponse {
  return RESPONSES.find((each) => each === status) ?? 'needsAction'
}
