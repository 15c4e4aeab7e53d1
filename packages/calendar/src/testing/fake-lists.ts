import type { calendar_v3 } from '@googleapis/calendar'
import type { FakeEvents, Row } from './fake-events.ts'
import { FakeRefusal } from './fake-refusal.ts'
import { isSeries, momentOf } from './fake-series.ts'

/** One page of `events.list`, with the token of the next page or, on the last one, of the next sync. */
export function listEvents(events: FakeEvents, query: URLSearchParams): calendar_v3.Schema$Events {
  const since = openSync(events, query.get('syncToken'))
  const isSingle = query.get('singleEvents') === 'true'
  const isWithDeleted = query.get('showDeleted') === 'true' || query.has('updatedMin')
  const until = timeOf(query, 'timeMax', 0)
  // Google knows of changes for so long.
  if (timeOf(query, 'updatedMin', Infinity) < Date.now() - 20 * 86_400_000) {
    throw FakeRefusal.ofCalendar(410, 'updatedMinTooLongAgo')
  }
  const wanted =
    since === undefined
      ? events.rows
          .filter(({ event }) => !isSingle || !event.recurringEventId)
          .flatMap((row) => (isSingle ? events.single(row, until) : [row]))
          .filter((row) => isWithDeleted || isShown(events, row, isSingle))
          .filter((row) => isWithin(events, row, query))
      : events.rows.filter(({ revision }) => revision > since)
  const isByRevision = since !== undefined || query.has('updatedMin')
  const isByStart = query.get('orderBy') === 'startTime'
  const keyOf = (row: Row): number =>
    isByRevision ? row.revision : isByStart ? momentOf(row.event.start) : row.order
  const { items, at, nextPageToken } = pageOf(wanted, keyOf, events.revision, query)
  const shown = items.map((row) => shownAs(events, row))
  if (nextPageToken !== undefined) return { items: shown, nextPageToken }
  if (query.has('orderBy') || query.has('updatedMin')) return { items: shown }
  const nextSyncToken = JSON.stringify([events.id, events.generation, at])
  return { items: shown, nextSyncToken }
}

/** One page of `events.instances`. */
export function listInstances(
  events: FakeEvents,
  seriesId: string,
  query: URLSearchParams,
): calendar_v3.Schema$Events {
  const series = events.rows.find(({ event }) => event.id === seriesId)
  if (series === undefined) throw FakeRefusal.ofCalendar(404, 'notFound')
  if (!isSeries(series.event)) throw FakeRefusal.ofCalendar(400, 'invalid')
  const original = query.get('originalStart')
  const wanted = events
    .single(series, timeOf(query, 'timeMax', 0))
    .filter((row) => query.get('showDeleted') === 'true' || !events.isCancelled(row))
    .filter(({ event: { start, end } }) => isInRange(start, end, query))
    .filter(({ event: { originalStartTime } }) => {
      return original === null || momentOf(originalStartTime) === Date.parse(original)
    })
  const keyOf = ({ event }: Row): number => momentOf(event.start)
  const { items, nextPageToken } = pageOf(wanted, keyOf, events.revision, query)
  const shown = items.map((row) => shownAs(events, row))
  return nextPageToken === undefined ? { items: shown } : { items: shown, nextPageToken }
}

/** What is taken between two moments; what overlaps or touches is one. */
export function busyTimes(
  events: FakeEvents,
  from: number,
  to: number,
): calendar_v3.Schema$TimePeriod[] {
  const spans = events.rows
    .filter(({ event }) => !event.recurringEventId)
    .flatMap((row) => events.single(row, to))
    .filter((row) => !events.isCancelled(row) && row.event.transparency !== 'transparent')
    .filter(({ event }) => {
      const self = event.attendees?.find((guest) => guest.self === true)
      return self?.responseStatus !== 'declined'
    })
    .map(({ event }) => [momentOf(event.start), momentOf(event.end)] as const)
    .filter(([start, end]) => end > from && start < to && end > start)
    .sort(([a], [b]) => a - b)
  const merged: { start: number; end: number }[] = []
  for (const [start, end] of spans) {
    const last = merged.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged.map(({ start, end }) => ({
    start: new Date(Math.max(start, from)).toISOString(),
    end: new Date(Math.min(end, to)).toISOString(),
  }))
}

interface Page {
  readonly items: readonly Row[]
  /** As of which revision the list began. */
  readonly at: number
  readonly nextPageToken: string | undefined
}

function pageOf(
  rows: readonly Row[],
  keyOf: (row: Row) => number,
  revision: number,
  query: URLSearchParams,
): Page {
  const page = JSON.parse(query.get('pageToken') ?? 'null') as {
    key: readonly [number, string]
    at: number
  } | null
  const limit = Number(query.get('maxResults') ?? 250)
  const placeOf = (row: Row): readonly [number, string] => [keyOf(row), row.event.id]
  const wanted = rows
    .filter((row) => page === null || isAfter(placeOf(row), page.key))
    .sort((a, b) => (isAfter(placeOf(a), placeOf(b)) ? 1 : -1))
  const items = wanted.slice(0, limit)
  const at = page?.at ?? revision
  const last = items.at(-1)
  const hasMore = last !== undefined && wanted.length > items.length
  const nextPageToken = hasMore ? JSON.stringify({ key: placeOf(last), at }) : undefined
  return { items, at, nextPageToken }
}

function isAfter([a, x]: readonly [number, string], [b, y]: readonly [number, string]): boolean {
  return a > b || (a === b && x > y)
}

/** Of an occurrence that does not take place Google says no more than when it would have been. */
function shownAs(events: FakeEvents, row: Row): calendar_v3.Schema$Event {
  const { event } = row
  if (!events.isCancelled(row)) return event
  const { id, etag, recurringEventId, originalStartTime } = event
  if (!recurringEventId) return { ...event, status: 'cancelled' }
  const said = { kind: 'calendar#event', id, etag, status: 'cancelled', recurringEventId }
  return originalStartTime === undefined ? said : { ...said, originalStartTime }
}

/** Occurrences that do not take place stand for themselves, as long as their series does. */
function isShown(events: FakeEvents, row: Row, isSingle: boolean): boolean {
  if (!events.isCancelled(row)) return true
  const { recurringEventId } = row.event
  const series = events.rows.find(({ event }) => event.id === recurringEventId)
  return !isSingle && series !== undefined && !events.isCancelled(series)
}

function isWithin(events: FakeEvents, row: Row, query: URLSearchParams): boolean {
  if (Date.parse(row.event.updated ?? '') < timeOf(query, 'updatedMin', -Infinity)) return false
  if (!query.has('timeMin') && !query.has('timeMax')) return true
  return events
    .single(row, timeOf(query, 'timeMax', 0))
    .some(({ event: { start, end } }) => isInRange(start, end, query))
}

function isInRange(
  start: calendar_v3.Schema$EventDateTime | undefined,
  end: calendar_v3.Schema$EventDateTime | undefined,
  query: URLSearchParams,
): boolean {
  return (
    momentOf(end) > timeOf(query, 'timeMin', -Infinity) &&
    momentOf(start) < timeOf(query, 'timeMax', Infinity)
  )
}

function timeOf(query: URLSearchParams, name: string, otherwise: number): number {
  return query.has(name) ? Date.parse(query.get(name) ?? '') : otherwise
}

function openSync(events: FakeEvents, token: string | null): number | undefined {
  if (token === null) return undefined
  let opened: unknown
  try {
    opened = JSON.parse(token)
  } catch {
    opened = undefined
  }
  const [id, generation, revision] = Array.isArray(opened) ? (opened as unknown[]) : []
  if (id === events.id && generation === events.generation) return Number(revision)
  throw FakeRefusal.ofCalendar(410, 'fullSyncRequired')
}
