import type { GoogleService } from '../core/service.ts'
import { entry, type EventContent, type StoredCalendar, type StoredEvent } from '../core/state.ts'
import { retireOccurrences } from '../series/keep.ts'
import { isSeries } from '../series/occurrences.ts'

/**
 * Puts a content in the place of an event's. An occurrence that was not changed before becomes an event of its
 * own by it.
 *
 * @param before none for an event that the calendar does not have
 */
export function putEvent(
  service: GoogleService,
  calendar: StoredCalendar,
  before: Pick<StoredEvent, 'order' | 'content'> | undefined,
  content: EventContent,
): StoredEvent {
  calendar.revision += 1
  const isKnown = before !== undefined && entry(calendar.events, content.id) !== undefined
  const order = isKnown ? before.order : calendar.revision
  const stored = { order, revision: calendar.revision, content }
  calendar.events[content.id] = stored
  if (before === undefined) return stored
  // A single event that comes back may have been a series, whose occurrences were deleted with it.
  const isBack = before.content.status === 'cancelled' && content.status !== 'cancelled'
  if (isBack || isSeries(before.content) || isSeries(content))
    retireOccurrences(calendar, before.content, stored, service.now())
  return stored
}
