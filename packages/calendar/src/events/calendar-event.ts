import type { calendar_v3 } from '@googleapis/calendar'
import { type EventTime, eventTime } from './event-time.ts'

/** An event as it stands in a calendar. */
export interface CalendarEvent {
  readonly id: string
  /** Another one with every change: hand it to `updateEvent` to change only what you have seen. */
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
  readonly attendees: readonly {
    readonly email: string
    readonly name: string | undefined
    readonly response: string | undefined
  }[]
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
  attendees: true,
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
    attendees: (native.attendees ?? []).map(({ email, displayName, responseStatus }) => ({
      email: email ?? '',
      name: displayName ?? undefined,
      response: responseStatus ?? undefined,
    })),
    url: native.htmlLink ?? undefined,
    updatedAt: typeof native.updated === 'string' ? new Date(native.updated) : undefined,
    native,
  }
}
