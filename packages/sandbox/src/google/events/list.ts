import type { JsonObject } from '../../json.ts'
import { badParameter } from '../api/failure.ts'
import { type Entry, pageOf } from '../api/page.ts'
import type { Query } from '../api/parameters.ts'
import { openSync, sealSync } from '../api/sync.ts'
import type { GoogleService } from '../core/service.ts'
import type { Role } from '../core/role.ts'
import type { StoredCalendar, StoredEvent } from '../core/state.ts'
import { isCancelled, seriesIdOf, standsAlone } from '../series/keep.ts'
import { singleEvents } from './single-events.ts'
import { momentOf } from '../times/event-time.ts'
import { isMatching } from './filter.ts'
import { readListQuery, type ListQuery } from './list-query.ts'
import { asSeenBy } from './private-events.ts'
import { renderCancelledOccurrence, renderDeleted, renderEvent } from './render.ts'

/** One page of events, with `nextPageToken`, or on the last page `nextSyncToken`. */
export function listEvents(
  service: GoogleService,
  calendar: StoredCalendar,
  role: Role,
  given: Query,
): JsonObject {
  const query = readListQuery(given, service.now())
  const { syncToken } = query
  const since = syncToken === undefined ? undefined : openSync(service, calendar, syncToken)
  // Google calls it undefined behaviour.
  if (since && since.query !== String(query.singleEvents)) {
    throw badParameter('singleEvents', 'Sync token was given for another singleEvents.')
  }
  const entries =
    since === undefined
      ? wantedEntries(service, calendar, role, query)
      : changedEntries(service, calendar, role, query, since.revision)
  const { items, nextPageToken, snapshot } = pageOf(service, calendar, entries, query)
  const reply = { ...headOf(service, calendar, role), items }
  if (nextPageToken !== undefined) return { ...reply, nextPageToken }
  if (!query.syncable) return reply
  const nextSyncToken = sealSync(service, calendar, snapshot, String(query.singleEvents))
  return { ...reply, nextSyncToken }
}

/** What every page of events says of its calendar. */
export function headOf(service: GoogleService, calendar: StoredCalendar, role: Role): JsonObject {
  return {
    kind: 'calendar#events',
    etag: `"p${calendar.revision}"`,
    summary: calendar.summary,
    updated: new Date(service.now()).toISOString(),
    timeZone: calendar.timeZone,
    accessRole: role,
    defaultReminders: [],
  }
}

function wantedEntries(
  service: GoogleService,
  calendar: StoredCalendar,
  role: Role,
  query: ListQuery,
): Entry[] {
  const keyOf = sortKey(calendar, query)
  return Object.values(calendar.events)
    .filter(({ content }) => !query.singleEvents || standsAlone(calendar, content))
    .flatMap((event) =>
      query.singleEvents ? singleEvents(service, calendar, event, query.timeMax) : [event],
    )
    .map((event) => asSeenBy(role, event))
    .filter(
      (event) => isShown(calendar, query, event) && isMatching(service, calendar, query, event),
    )
    .map((event) => ({
      id: event.content.id,
      key: keyOf(event),
      render: () => renderEvent(service.url, calendar, event, query),
    }))
}

/** What changed since a sync token was given, what was deleted included. */
function changedEntries(
  service: GoogleService,
  calendar: StoredCalendar,
  role: Role,
  query: ListQuery,
  since: number,
): Entry[] {
  const changed = Object.values(calendar.events)
    .filter(({ revision }) => revision > since)
    .flatMap((event) =>
      query.singleEvents ? singleEvents(service, calendar, event, query.timeMax) : [event],
    )
  // An occurrence may come with its series and by itself.
  const entries = new Map<string, Entry>()
  for (const event of changed) {
    const { id } = event.content
    const isBrief = event.content.status === 'cancelled' && !query.showDeleted
    const isOccurrence = seriesIdOf(event.content) !== undefined
    const render = (): JsonObject =>
      isBrief && !isOccurrence
        ? renderDeleted(event)
        : renderEvent(service.url, calendar, asSeenBy(role, event), query)
    entries.set(id, { id, key: event.revision, render })
  }
  if (!query.singleEvents) return [...entries.values()]
  for (const [seriesId, retired] of Object.entries(calendar.retired)) {
    for (const [id, { revision, originalStartTime }] of Object.entries(retired)) {
      if (revision <= since) continue
      const series = calendar.events[seriesId]
      if (!series) continue
      const content = { ...series.content, id, recurringEventId: seriesId, originalStartTime }
      const render = (): JsonObject =>
        id === seriesId
          ? renderDeleted({ ...series, revision })
          : renderCancelledOccurrence(calendar, { content, revision }, query)
      entries.set(id, { id, key: revision, render })
    }
  }
  return [...entries.values()]
}

/** Whether what was deleted is shown: occurrences that do not take place stand for themselves. */
function isShown(calendar: StoredCalendar, query: ListQuery, { content }: StoredEvent): boolean {
  if (!isCancelled(calendar, content)) return true
  if (query.showDeleted || query.updatedMin !== undefined) return true
  const series = calendar.events[seriesIdOf(content) ?? '']
  return series !== undefined && !query.singleEvents && series.content.status !== 'cancelled'
}

function sortKey(calendar: StoredCalendar, query: ListQuery): (event: StoredEvent) => number {
  if (query.orderBy === 'updated') return (event) => event.revision
  if (query.orderBy === undefined && !query.singleEvents) return (event) => event.order
  return ({ content }) => momentOf(content.start, calendar.timeZone)
}
