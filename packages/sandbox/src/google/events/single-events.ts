import type { GoogleService } from '../core/service.ts'
import type { StoredCalendar, StoredEvent } from '../core/state.ts'
import { horizonOf, isSeries, occurrencesOf } from '../series/occurrences.ts'

/** The occurrences of a series, as far as they are shown; any other event is its own. */
export function singleEvents(
  { now }: GoogleService,
  calendar: StoredCalendar,
  event: StoredEvent,
  until?: number,
): StoredEvent[] {
  if (!isSeries(event.content)) return [event]
  return occurrencesOf(calendar, event, horizonOf(event.content, now(), until))
}
