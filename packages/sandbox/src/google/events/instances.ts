import type { JsonObject } from '../../json.ts'
import { badParameter, invalid } from '../api/failure.ts'
import { pageOf } from '../api/page.ts'
import { instantOf, type Parameters, type Query } from '../api/parameters.ts'
import type { GoogleService } from '../core/service.ts'
import type { Role } from '../core/role.ts'
import type { StoredCalendar, StoredEvent } from '../core/state.ts'
import { momentOf } from '../times/event-time.ts'
import { headOf } from './list.ts'
import { limitOf } from './list-query.ts'
import { asSeenBy } from './private-events.ts'
import { renderEvent } from './render.ts'
import { singleEvents } from './single-events.ts'
import { isCancelled } from '../series/keep.ts'
import { isSeries } from '../series/occurrences.ts'

export const INSTANCES_PARAMETERS: Parameters = {
  alwaysIncludeEmail: 'ignored',
  maxAttendees: 'integer',
  maxResults: 'integer',
  originalStart: 'text',
  pageToken: 'text',
  showDeleted: 'flag',
  timeMax: 'instant',
  timeMin: 'instant',
  timeZone: 'zone',
}

/** One page of the occurrences of a series. */
export function listInstances(
  service: GoogleService,
  calendar: StoredCalendar,
  role: Role,
  series: StoredEvent,
  query: Query,
): JsonObject {
  if (!isSeries(series.content)) throw invalid('The event is not a recurring event.')
  const timeMin = query.instant('timeMin') ?? Number.NEGATIVE_INFINITY
  const timeMax = query.instant('timeMax') ?? Number.POSITIVE_INFINITY
  if (timeMax <= timeMin) {
    throw badParameter('timeMax', 'The specified time range is empty.', 'timeRangeEmpty')
  }
  const original = query.text('originalStart')
  const view = { timeZone: query.text('timeZone'), maxAttendees: query.integer('maxAttendees') }
  const zone = calendar.timeZone
  const entries = singleEvents(service, calendar, series, query.instant('timeMax'))
    .filter(({ content }) => query.flag('showDeleted') || !isCancelled(calendar, content))
    .filter(
      ({ content }) =>
        momentOf(content.end, zone) > timeMin && momentOf(content.start, zone) < timeMax,
    )
    .filter((event) => original === undefined || beganAt(event, original))
    .map((event) => ({
      id: event.content.id,
      key: momentOf(event.content.start, zone),
      render: () => renderEvent(service.url, calendar, asSeenBy(role, event), view),
    }))
  const { items, nextPageToken } = pageOf(service, calendar, entries, {
    maxResults: limitOf(query),
    pageToken: query.text('pageToken'),
    fingerprint: `${series.content.id} ${query.fingerprint(['pageToken', 'maxResults', 'fields', 'prettyPrint'])}`,
  })
  const reply = { ...headOf(service, calendar, role), items }
  return nextPageToken === undefined ? reply : { ...reply, nextPageToken }
}

/** `originalStart` is a day, or a moment with its offset. */
function beganAt({ content }: StoredEvent, original: string): boolean {
  const { originalStartTime } = content
  if (originalStartTime === undefined) return false
  if ('date' in originalStartTime) return originalStartTime.date === original
  return Date.parse(originalStartTime.dateTime) === instantOf(original)
}
