import { CalendarFailure, forbiddenForNonOrganizer } from '../api/failure.ts'
import { entry, type StoredCalendar, type StoredEvent } from '../core/state.ts'
import { isSeries } from '../series/occurrences.ts'
import { isSameEvent } from './main-event.ts'
import { seriesIdOf } from '../series/keep.ts'

/** An event as it was, and as it came into its new calendar. */
export interface Moved {
  readonly before: StoredEvent
  readonly after: StoredEvent
}

/**
 * Moves an event, with the exceptions of a series, into another calendar, which becomes its organizer. In
 * the one that it leaves it is cancelled.
 *
 * @returns none where it is in that calendar already
 * @throws CalendarFailure 400 for an occurrence; 403 for a guest's copy; 409 where the other calendar has the id
 */
export function moveEvent(
  from: StoredCalendar,
  to: StoredCalendar,
  event: StoredEvent,
  updated: string,
): Moved[] {
  if (seriesIdOf(event.content) !== undefined) {
    throw new CalendarFailure(
      400,
      'cannotChangeOrganizerOfInstance',
      'Cannot change the organizer of an instance.',
    )
  }
  if (event.content.organizer !== from.id) throw forbiddenForNonOrganizer()
  if (from.id === to.id) return []
  const there = entry(to.events, event.content.id)
  // A guest's copy of it becomes the event itself.
  if (there && !isSameEvent(there.content, event.content)) {
    throw new CalendarFailure(409, 'duplicate', 'The requested identifier already exists.')
  }
  const exceptions = isSeries(event.content)
    ? Object.values(from.events).filter(({ content }) => seriesIdOf(content) === event.content.id)
    : []
  from.revision += 1
  to.revision += 1
  return [event, ...exceptions].map((each) => {
    const content = { ...each.content, updated, organizer: to.id }
    const after = { order: each.order, revision: to.revision, content }
    to.events[content.id] = after
    const left = { ...each.content, updated, status: 'cancelled' }
    from.events[content.id] = { order: each.order, revision: from.revision, content: left }
    return { before: each, after }
  })
}
