import type { JsonObject } from '../../json.ts'
import { badParameter, CalendarFailure, notHere } from '../api/failure.ts'
import type { Query } from '../api/parameters.ts'
import { openToken, sealToken } from '../core/opaque-token.ts'
import type { GoogleService } from '../core/service.ts'
import type { StoredCalendar, StoredEvent } from '../core/state.ts'
import { momentOf } from './event-time.ts'
import { readListQuery, type ListQuery } from './list-query.ts'
import { renderDeleted, renderEvent } from './render.ts'

interface SyncToken {
  readonly kind: 'sync'
  readonly email: string
  readonly revision: number
  readonly generation: number
  readonly issuedAt: number
}

interface PageToken {
  readonly kind: 'page'
  readonly email: string
  /** The query without its page token: a page token belongs to one query. */
  readonly query: string
  /** The last entry of the page before: its sort key, then its id. */
  readonly after: readonly [number, string]
  /** The calendar's revision at the first page; the sync token at the end counts from there. */
  readonly snapshot: number
}

/** One page of events, with `nextPageToken`, or on the last page `nextSyncToken`. */
export function listEvents(
  service: GoogleService,
  calendar: StoredCalendar,
  given: Query,
): JsonObject {
  const query = readListQuery(given)
  const since =
    query.syncToken === undefined ? undefined : openSync(service, calendar, query.syncToken)
  const place = query.pageToken === undefined ? undefined : openPage(service, calendar, query)
  const keyOf = sortKey(calendar, query, since !== undefined)
  const matching = Object.entries(calendar.events)
    .filter(([, event]) =>
      since === undefined ? isWanted(calendar, query, event) : event.revision > since.revision,
    )
    .map(([id, event]) => ({ id, key: keyOf(event), event }))
    .sort((a, b) => a.key - b.key || (a.id < b.id ? -1 : 1))
  const rest = place
    ? matching.filter(
        ({ id, key }) => key > place.after[0] || (key === place.after[0] && id > place.after[1]),
      )
    : matching
  const page = rest.slice(0, query.maxResults)
  const last = page.at(-1)
  const snapshot = place?.snapshot ?? calendar.revision
  const reply: JsonObject = {
    kind: 'calendar#events',
    etag: `"p${calendar.revision}"`,
    summary: calendar.email,
    updated: new Date(service.now()).toISOString(),
    timeZone: calendar.timeZone,
    accessRole: 'owner',
    defaultReminders: [],
    items: page.map(({ event }) =>
      isBrief(query, event)
        ? renderDeleted(event)
        : renderEvent(service.url, calendar, event, query),
    ),
  }
  if (rest.length > page.length && last) {
    const after = [last.key, last.id] as const
    const token: PageToken = {
      kind: 'page',
      email: calendar.email,
      query: query.fingerprint,
      after,
      snapshot,
    }
    return { ...reply, nextPageToken: sealToken(service.state.tokenKey, token) }
  }
  if (!query.syncable) return reply
  const token: SyncToken = {
    kind: 'sync',
    email: calendar.email,
    revision: snapshot,
    generation: calendar.generation,
    issuedAt: service.now(),
  }
  return { ...reply, nextSyncToken: sealToken(service.state.tokenKey, token) }
}

function isWanted(calendar: StoredCalendar, query: ListQuery, { content }: StoredEvent): boolean {
  const deletedSince = query.updatedMin !== undefined
  if (content.status === 'cancelled' && !query.showDeleted && !deletedSince) return false
  if (query.iCalUID !== undefined && content.iCalUID !== query.iCalUID) return false
  const end = momentOf(content.end, calendar.timeZone)
  const start = momentOf(content.start, calendar.timeZone)
  const updated = Date.parse(content.updated)
  const recurs = Array.isArray(content['recurrence'])
  if (recurs && query.singleEvents) throw notHere('occurrences of recurring events')
  return (
    (query.timeMin === undefined || recurs || end > query.timeMin) &&
    (query.timeMax === undefined || start < query.timeMax) &&
    (query.updatedMin === undefined || updated >= query.updatedMin)
  )
}

/** Of a deleted event a sync says no more than its id, unless it shows deleted ones. */
function isBrief(query: ListQuery, { content }: StoredEvent): boolean {
  return content.status === 'cancelled' && !query.showDeleted
}

function sortKey(
  calendar: StoredCalendar,
  query: ListQuery,
  incremental: boolean,
): (event: StoredEvent) => number {
  if (incremental || query.orderBy === 'updated') return (event) => event.revision
  if (query.orderBy === undefined) return (event) => event.order
  return ({ content }) => momentOf(content.start, calendar.timeZone)
}

function openSync(service: GoogleService, calendar: StoredCalendar, text: string): SyncToken {
  const token = openToken(service.state.tokenKey, text) as SyncToken | undefined
  const oldest = service.now() - service.syncTokenLifetimeSeconds * 1000
  const valid =
    token?.kind === 'sync' &&
    token.email === calendar.email &&
    token.generation === calendar.generation &&
    token.issuedAt >= oldest
  if (valid) return token
  throw new CalendarFailure(
    410,
    'fullSyncRequired',
    'Sync token is no longer valid, a full sync is required.',
    { location: 'syncToken', locationType: 'parameter' },
  )
}

function openPage(service: GoogleService, calendar: StoredCalendar, query: ListQuery): PageToken {
  const token = openToken(service.state.tokenKey, query.pageToken ?? '') as PageToken | undefined
  const valid =
    token?.kind === 'page' && token.email === calendar.email && token.query === query.fingerprint
  if (valid) return token
  throw badParameter('pageToken', 'Invalid page token value.', 'invalid')
}
