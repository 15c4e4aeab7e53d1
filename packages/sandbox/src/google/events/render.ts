import type { JsonObject } from '../../json.ts'
import {
  type EventContent,
  isPrimary,
  type StoredCalendar,
  type StoredEvent,
} from '../core/state.ts'
import { isCancelled } from '../series/keep.ts'
import { attendeesOf, shownAttendees } from './attendees.ts'
import { hangoutLinkOf } from './conference.ts'
import { withoutDefaults } from './details.ts'
import { shownTime } from '../times/event-time.ts'

/** How a client wants events to be shown. */
export interface View {
  /** @default the calendar's */
  readonly timeZone?: string | undefined
  /** With more guests than this only the one who looks is shown. */
  readonly maxAttendees?: number | undefined
}

/** Google's resource of an event, as the calendar's owner sees it. */
export function renderEvent(
  url: string,
  calendar: StoredCalendar,
  { content, revision }: Pick<StoredEvent, 'content' | 'revision'>,
  view: View = {},
): JsonObject {
  const { id, creator, organizer, start, end, attendees, conferenceData } = content
  const { recurringEventId, originalStartTime } = content
  if (recurringEventId !== undefined && isCancelled(calendar, content)) {
    return renderCancelledOccurrence(calendar, { content, revision }, view)
  }
  const zone = view.timeZone ?? calendar.timeZone
  const guests = attendeesOf(attendees)
  const isHidden = organizer !== calendar.id && content['guestsCanSeeOtherGuests'] === false
  const most = isHidden ? 0 : view.maxAttendees
  const shown = shownAttendees(guests, organizer, calendar.id, most)
  const hangoutLink = hangoutLinkOf(conferenceData)
  return {
    kind: 'calendar#event',
    etag: etagOf(revision),
    ...withoutDefaults(content),
    htmlLink: `${url}/calendar/event?eid=${Buffer.from(`${id} ${calendar.id}`).toString('base64url')}`,
    creator: personOf(creator, calendar),
    organizer: personOf(organizer, calendar),
    start: shownTime(start, zone),
    end: shownTime(end, zone),
    ...(shown.length > 0 ? { attendees: shown } : {}),
    ...(shown.length < guests.length ? { attendeesOmitted: true } : {}),
    ...(hangoutLink === undefined ? {} : { hangoutLink }),
    ...(originalStartTime === undefined
      ? {}
      : { originalStartTime: shownTime(originalStartTime, zone) }),
    eventType: 'default',
  }
}

/** What is sure to be said of an occurrence that does not take place. */
export function renderCancelledOccurrence(
  calendar: StoredCalendar,
  { content, revision }: Pick<StoredEvent, 'content' | 'revision'>,
  view: View,
): JsonObject {
  const { id, recurringEventId = '', originalStartTime = content.start } = content
  return {
    kind: 'calendar#event',
    etag: etagOf(revision),
    id,
    status: 'cancelled',
    recurringEventId,
    originalStartTime: shownTime(originalStartTime, view.timeZone ?? calendar.timeZone),
  }
}

/** What is sure to be said of an event that was deleted: its id. */
export function renderDeleted({ content, revision }: StoredEvent): JsonObject {
  return { kind: 'calendar#event', etag: etagOf(revision), id: content.id, status: 'cancelled' }
}

export function etagOf(revision: number): string {
  return `"${3_000_000_000_000_000 + revision}"`
}

/** The texts in which `q` looks. */
export function searchedTexts(content: EventContent): string[] {
  const guests = attendeesOf(content['attendees'])
  return [
    content['summary'],
    content['description'],
    content['location'],
    content.organizer,
    ...guests.flatMap((guest) => [guest['displayName'], guest['email']]),
  ].filter((each) => typeof each === 'string')
}

function personOf(email: string, calendar: StoredCalendar): JsonObject {
  if (email !== calendar.id) return { email }
  return isPrimary(calendar)
    ? { email, self: true }
    : { email, displayName: calendar.summary, self: true }
}
