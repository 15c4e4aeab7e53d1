import { entry, type EventContent, type StoredCalendar, type StoredEvent } from '../core/state.ts'
import { horizonOf, isSeries, occurrenceId, originalStart, startsOfSeries } from './occurrences.ts'

/** An event's place among those of its series; a single event and a series have none. */
export function seriesIdOf(content: EventContent): string | undefined {
  const { recurringEventId } = content
  return typeof recurringEventId === 'string' ? recurringEventId : undefined
}

/**
 * Whether an event is listed by itself: one that is no occurrence, or an occurrence whose series is not in the
 * calendar, as its guest was asked to that one alone.
 */
export function standsAlone(calendar: StoredCalendar, content: EventContent): boolean {
  const id = seriesIdOf(content)
  return id === undefined || entry(calendar.events, id) === undefined
}

/** Whether an event is gone: by itself, or with its series. */
export function isCancelled(calendar: StoredCalendar, content: EventContent): boolean {
  return content.status === 'cancelled' || isSeriesGone(calendar, content)
}

/** Whether an occurrence has nothing to come back to: its series is gone, or its rule has it no more. */
export function isSeriesGone(calendar: StoredCalendar, content: EventContent): boolean {
  const id = seriesIdOf(content) ?? ''
  const retired = entry(calendar.retired, id)
  if (retired && Object.hasOwn(retired, content.id)) return true
  return entry(calendar.events, id)?.content.status === 'cancelled'
}

/**
 * After a series changed: occurrences that its rule no longer has are gone. Those that had been changed are
 * cancelled; of the others it is kept that they were there, for lists of single events that go on from before.
 */
export function retireOccurrences(
  calendar: StoredCalendar,
  before: EventContent,
  after: StoredEvent,
  now: number,
): void {
  const left = new Set(idsOf(after.content, now))
  const retired = { ...entry(calendar.retired, after.content.id) }
  for (const id of Object.keys(retired)) if (left.has(id)) delete retired[id]
  const { id: seriesId } = after.content
  // A list of single events had it by itself, and has its occurrences from now on.
  if (!isSeries(after.content)) delete retired[seriesId]
  else if (!isSeries(before)) {
    retired[seriesId] = { revision: after.revision, originalStartTime: before.start }
  }
  const starts = isSeries(before) ? startsOfSeries(before, horizonOf(before, now)) : []
  for (const start of starts) {
    const id = occurrenceId(before, start)
    if (left.has(id)) continue
    retired[id] = { revision: after.revision, originalStartTime: originalStart(before, start) }
    const exception = entry(calendar.events, id)
    if (!exception) continue
    const content = { ...exception.content, status: 'cancelled' }
    calendar.events[id] = { ...exception, revision: after.revision, content }
  }
  if (before.status === 'cancelled' && after.content.status !== 'cancelled') {
    // A client dropped them with their series.
    for (const [id, exception] of Object.entries(calendar.events)) {
      if (seriesIdOf(exception.content) !== after.content.id) continue
      calendar.events[id] = { ...exception, revision: after.revision }
    }
  }
  if (Object.keys(retired).length > 0) calendar.retired[after.content.id] = retired
  else delete calendar.retired[after.content.id]
}

function idsOf(content: EventContent, now: number): string[] {
  if (!isSeries(content)) return []
  return startsOfSeries(content, horizonOf(content, now)).map((start) =>
    occurrenceId(content, start),
  )
}
