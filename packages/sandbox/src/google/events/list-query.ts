import { badParameter } from '../api/failure.ts'
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
  privateExtendedProperty: 'missing',
  q: 'missing',
  sharedExtendedProperty: 'missing',
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

/** @throws CalendarFailure 400 */
export function readListQuery(query: Query): ListQuery {
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
  const restrictions = ['orderBy', 'updatedMin', 'iCalUID']
  return {
    maxResults: limit(query.integer('maxResults')),
    pageToken: query.text('pageToken'),
    syncToken,
    timeMin,
    timeMax,
    updatedMin: query.instant('updatedMin'),
    iCalUID: query.text('iCalUID'),
    orderBy,
    singleEvents,
    showDeleted: query.flag('showDeleted'),
    timeZone: query.text('timeZone'),
    maxAttendees: query.integer('maxAttendees'),
    syncable: !restrictions.some((name) => query.has(name)),
    fingerprint: query.fingerprint(['pageToken', 'maxResults', 'fields', 'prettyPrint']),
  }
}

/** 250 by default; above 2,500 Google gives 2,500. */
function limit(given = 250): number {
  if (given < 1) throw badParameter('maxResults', 'Invalid value.', 'invalidParameter')
  return Math.min(given, 2500)
}
