import { CalendarFailure } from '../api/failure.ts'
import { entry, type StoredCalendar, type StoredEvent } from '../core/state.ts'
import { isSeries } from '../series/occurrences.ts'
import { seriesIdOf } from '../series/keep.ts'

/**
 * Moves an event, with the exceptions of a series, into another calendar, which becomes its organizer. In
 * the one that it leaves it is cancelled.
 *
 * @throws CalendarFailure 400 for an occurrence; 409 where the other calendar has the id
 */
export function moveEvent(
  from: StoredCalendar,
  to: StoredCalendar,
  event: StoredEvent,
  updated: string,
): StoredEvent {
  if (seriesIdOf(event.content) !== undefined) {
    throw new CalendarFailure(
      400,
      'cannotChangeOrganizerOfInstance',
      'Cannot change the organizer of an instance.',
    )
  }
  if (from.id === to.id) return event
  if (entry(to.events, event.content.id)) {
    throw new CalendarFailure(409, 'duplicate', 'The requested identifier already exists.')
  }
  const exceptions = isSeries(event.content)
    ? Object.values(from.events).filter(({ content }) => seriesIdOf(content) === event.content.id)
    : []
  from.revision += 1
  to.revision += 1
  for (const each of [event, ...exceptions]) {
    const content = { ...each.content, updated, organizer: to.id }
    to.events[content.id] = { order: each.order, revision: to.revision, content }
    const left = { ...each.content, updated, status: 'cancelled' }
    from.events[content.id] = { order: each.order, revision: from.revision, content: left }
  }
  return to.events[event.content.id] ?? event
}
