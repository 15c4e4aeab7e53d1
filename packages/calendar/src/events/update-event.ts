import type { calendar_v3 } from '@googleapis/calendar'
import { randomBytes } from 'node:crypto'
import type { Operation } from '../wire/operations.ts'
import { CalendarError } from '../calendar-error.ts'
import { type AttendeeChanges, attendeeChange } from './attendees.ts'
import { EVENT_FIELDS, nativeEvent, type PlainChanges } from './event-fields.ts'
import { changeQuery, eventPath, type EventVersion, ifMatch } from './event-place.ts'
import { conflictOf, type EventRequests, isConflict } from './event-requests.ts'
import { saysNothing } from './native-body.ts'

type Native = calendar_v3.Schema$Event

/**
 * Changes: a field that is left out stays, `null` takes it off. Guests are added and removed, so that the
 * answers of the others stay; `meet: false` takes a Meet off.
 */
export interface EventChanges extends Omit<PlainChanges, 'attendees'> {
  readonly attendees?: AttendeeChanges | undefined
}

/** Which event to change, and the fields to change. */
export type UpdatedEvent = EventVersion & EventChanges

/** The names of {@link UpdatedEvent}. */
export const UPDATED_EVENT: readonly string[] = Object.keys({
  ...EVENT_FIELDS,
  calendarId: true,
  id: true,
  etag: true,
  notify: true,
} satisfies Record<keyof UpdatedEvent, true>)

/** How often a change of the guests begins anew because somebody else changed the event in between. */
const ATTEMPTS = 5

/** A change, checked: what is sent, and how the guests change. */
export interface Update {
  readonly event: EventVersion
  readonly body: Native
  readonly guests: ReturnType<typeof attendeeChange> | undefined
}

/** Throws unless the change would change something. */
export function updateOf(event: UpdatedEvent): Update {
  eventPath(event)
  ifMatch(event.etag)
  const { attendees, ...plain } = event
  const body = nativeChanges(plain)
  changeQuery(event.notify, body)
  const guests = attendees === undefined ? undefined : attendeeChange(attendees)
  if (saysNothing(body) && guests === undefined) {
    throw new TypeError('Expected at least one field to change, got none')
  }
  return { event, body, guests }
}

/** Sends a change; that of the guests is made on the list as it is read, and holds for that very list. */
export async function updateEvent(
  call: Operation,
  requests: EventRequests,
  { event, body, guests }: Update,
): Promise<Native> {
  const { etag, notify } = event
  if (guests === undefined) {
    return await requests.patch(call, { place: event, etag, notify, body })
  }
  for (let attempt = 1; ; attempt += 1) {
    const current = await requests.read(call, event)
    if (etag !== undefined && current.etag !== etag) throw conflictOf(call, undefined, current)
    const there = current.attendees ?? []
    if (current.attendeesOmitted === true) throw hidden(call)
    const attendees = guests(there)
    if (attendees.length > 200) throw tooMany(call)
    try {
      const whole = { ...body, attendees }
      return await requests.patch(call, { place: event, etag: current.etag, notify, body: whole })
    } catch (error) {
      // Somebody else's change in between: adding and removing hold for the new list as well.
      if (!isConflict(error) || etag !== undefined || attempt === ATTEMPTS) throw error
    }
  }
}

/**
 * The body for a change. A moment in place of a day, or the reverse, takes the other one off; so do the
 * calendar's reminders those of the event: Google refuses both at once, and merges what is sent.
 */
function nativeChanges(changes: PlainChanges): Native {
  const { start, end, ...others } = nativeEvent(changes, randomBytes(16).toString('hex'))
  return {
    ...others,
    ...(changes.reminders === 'default'
      ? { reminders: { useDefault: true, overrides: null as never } }
      : {}),
    ...(changes.meet === false ? { conferenceData: null as never } : {}),
    ...(start === undefined ? {} : { start: onlyThis(start) }),
    ...(end === undefined ? {} : { end: onlyThis(end) }),
  }
}

function onlyThis(time: calendar_v3.Schema$EventDateTime): calendar_v3.Schema$EventDateTime {
  return time.date === undefined
    ? { date: null, ...time }
    : { dateTime: null, timeZone: null, ...time }
}

/** A list that was sent in part would take the others off. */
function hidden({ operation, reference }: Operation): CalendarError {
  const message = `calendar.${operation} failed: this account does not see all guests of the event, so it can't change them`
  return new CalendarError(message, { operation, reference, code: 'forbidden', outcome: 'none' })
}

function tooMany({ operation, reference }: Operation): CalendarError {
  const message = `calendar.${operation} failed: the event would have more than 200 guests`
  const init = { operation, reference, code: 'invalid_request', outcome: 'none' } as const
  return new CalendarError(message, init)
}
