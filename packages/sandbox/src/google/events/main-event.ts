import type { GoogleService } from '../core/service.ts'
import { entry, type EventContent, type StoredCalendar, type StoredEvent } from '../core/state.ts'
import { isCancelled } from '../series/keep.ts'
import { computedOccurrence } from '../series/occurrences.ts'
import { attendeesOf, isSameAddress } from './attendees.ts'

/** The event of a guest's copy as the organizer has it, and in which calendar. */
export interface MainEvent {
  readonly calendar: StoredCalendar
  readonly event: StoredEvent
}

/** None where the organizer has no account here, or the event is gone. */
export function mainEventOf({ state }: GoogleService, copy: EventContent): MainEvent | undefined {
  const calendar = entry(state.calendars, copy.organizer)
  if (!calendar) return undefined
  const event = entry(calendar.events, copy.id) ?? computedOccurrence(calendar, copy.id)
  if (!event || isCancelled(calendar, event.content) || !isSameEvent(event.content, copy)) {
    return undefined
  }
  return { calendar, event }
}

/** Whether a guest's copy has nothing to come back to: the event is gone, or its guest is asked no more. */
export function isRetracted(
  service: GoogleService,
  { id }: StoredCalendar,
  content: EventContent,
): boolean {
  if (content.organizer === id) return false
  const guests = attendeesOf(mainEventOf(service, content)?.event.content['attendees'])
  return !guests.some(({ email }) => isSameAddress(email, id))
}

/** Whether two contents are of one event: two accounts may choose one id for events of their own. */
export function isSameEvent(a: EventContent, b: EventContent): boolean {
  return a.iCalUID === b.iCalUID && a.creator === b.creator && a.created === b.created
}
