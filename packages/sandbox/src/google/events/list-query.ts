import { badParameter, CalendarFailure } from '../api/failure.ts'
import type { Parameters, Query } from '../api/parameters.ts'
import type { View } from './render.ts'

export const LIST_PARAMETERS: Parameters = {
  alwaysIncludeEmail: 'ignored',
  eventTypes: 'missing',
  iCalUID: 'text',
  maxAttendees: 'integer',
  maxResults: 'integer',
  orderBy: ['startTime', 'updated'],
  pageToken: 'text',
  privateExtendedProperty: 'texts',
  q: 'text',
  sharedExtendedProperty: 'texts',
  showDeleted: 'flag',
  showHiddenInvitations: 'flag',
  singleEvents: 'flag',
  syncToken: 'text',
  timeMax: 'instant',
  timeMin: 'instant',
  timeZone: 'zone',
  updatedMin: 'instant',
}

/** The query of `events.list`, checked. */
export interface ListQuery extends View {
  readonly maxResults: number
  readonly pageToken: string | undefined
  readonly syncToken: string | undefined
  readonly timeMin: number | undefined
  readonly timeMax: number | undefined
  readonly updatedMin: number | undefined
  readonly iCalUID: string | undefined
  readonly q: string | undefined
  readonly privateProperties: readonly (readonly [name: string, value: string])[]
  readonly sharedProperties: readonly (readonly [name: string, value: string])[]
  readonly orderBy: string | undefined
  readonly singleEvents: boolean
  readonly showDeleted: boolean
  /** Whether the last page carries a sync token: not for queries that a sync could not continue. */
  readonly syncable: boolean
  /** Equal for the pages of one list. */
  readonly fingerprint: string
}

/** Source: https://developers.google.com/workspace/calendar/api/v3/reference/events/list */
const notWithSyncToken = [
  'iCalUID',
  'orderBy',
  'privateExtendedProperty',
  'q',
  'sharedExtendedProperty',
  'timeMin',
  'timeMax',
  'updatedMin',
]

/** A list of these gives no sync token: what it leaves out could not be told from what was deleted. */
const unsyncable = notWithSyncToken.filter((name) => !name.startsWith('time'))

/** Google does not say how far it goes back; reported were 20 days (googleapis/google-api-dotnet-client#239). */
const UPDATED_DAYS = 20

/** @throws CalendarFailure 400; 410 for changes of too long ago */
export function readListQuery(query: Query, now: number): ListQuery {
  const syncToken = query.text('syncToken')
  if (syncToken !== undefined) {
    const clash = notWithSyncToken.find((name) => query.has(name))
    if (clash !== undefined) {
      throw badParameter(clash, 'Sync token cannot be used with the requested query restrictions.')
    }
    if (query.text('showDeleted') === 'false') {
      throw badParameter('showDeleted', 'Sync token cannot be used without deleted events.')
    }
  }
  const singleEvents = query.flag('singleEvents')
  const orderBy = query.text('orderBy')
  if (orderBy === 'startTime' && !singleEvents) {
    throw badParameter(
      'orderBy',
      'The requested ordering is not available for the particular query.',
    )
  }
  const [timeMin, timeMax] = [query.instant('timeMin'), query.instant('timeMax')]
  if (timeMin !== undefined && timeMax !== undefined && timeMax <= timeMin) {
    throw badParameter('timeMax', 'The specified time range is empty.', 'timeRangeEmpty')
  }
  const updatedMin = query.instant('updatedMin')
  if (updatedMin !== undefined && updatedMin < now - UPDATED_DAYS * 86_400_000) {
    const message = 'The requested minimum modification time lies too far in the past.'
    const place = { location: 'updatedMin', locationType: 'parameter' } as const
    throw new CalendarFailure(410, 'updatedMinTooLongAgo', message, place)
  }
  return {
    maxResults: limitOf(query),
    pageToken: query.text('pageToken'),
    syncToken,
    timeMin,
    timeMax,
    updatedMin,
    iCalUID: query.text('iCalUID'),
    q: query.text('q'),
    privateProperties: propertiesOf(query, 'privateExtendedProperty'),
    sharedProperties: propertiesOf(query, 'sharedExtendedProperty'),
    orderBy,
    singleEvents,
    showDeleted: query.flag('showDeleted'),
    timeZone: query.text('timeZone'),
    maxAttendees: query.integer('maxAttendees'),
    syncable: !unsyncable.some((name) => query.has(name)),
    fingerprint: query.fingerprint(['pageToken', 'maxResults', 'fields', 'prettyPrint']),
  }
}

/** 250 by default; above 2,500 Google gives 2,500. */
export function limitOf(query: Query): number {
  const given = query.integer('maxResults') ?? 250
  if (given < 1) throw badParameter('maxResults', 'Invalid value.', 'invalidParameter')
  return Math.min(given, 2500)
}

function propertiesOf(query: Query, parameter: string): (readonly [string, string])[] {
  return query.texts(parameter).map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw badParameter(parameter, 'Invalid extended property constraint.', 'invalid')
    return [text.slice(0, at), text.slice(at + 1)]
  })
}
