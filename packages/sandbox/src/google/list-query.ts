import { badParameter, CalendarFailure } from './calendar-error.ts'
import { parseInstant } from './event-time.ts'

/** The query of `events.list`, checked. */
export interface ListQuery {
  readonly maxResults: number
  readonly pageToken: string | undefined
  readonly syncToken: string | undefined
  readonly timeMin: number | undefined
  readonly timeMax: number | undefined
  readonly updatedMin: number | undefined
  readonly iCalUID: string | undefined
  readonly orderBy: 'startTime' | 'updated' | undefined
  readonly singleEvents: boolean
  readonly showDeleted: boolean
  /** Whether the last page carries a sync token: not for queries that a sync could not continue. */
  readonly syncable: boolean
  /** Equal for the pages of one list. */
  readonly fingerprint: string
}

const known = new Set([
  'alt',
  'iCalUID',
  'maxResults',
  'orderBy',
  'pageToken',
  'prettyPrint',
  'showDeleted',
  'singleEvents',
  'syncToken',
  'timeMax',
  'timeMin',
  'timeZone',
  'updatedMin',
])

/** Source: https://developers.google.com/workspace/calendar/api/v3/reference/events/list */
const notWithSyncToken = ['iCalUID', 'orderBy', 'timeMin', 'timeMax', 'updatedMin']

/** @throws CalendarFailure 400; 501 for what Google has and the sandbox has not */
export function readListQuery(parameters: URLSearchParams): ListQuery {
  const text = (name: string): string | undefined => parameters.get(name) ?? undefined
  const unknown = [...parameters.keys()].find((name) => !known.has(name))
  if (unknown !== undefined) {
    throw new CalendarFailure(
      501,
      'notImplemented',
      `The sandbox does not have the parameter ${unknown}.`,
      {
        location: unknown,
        locationType: 'parameter',
      },
    )
  }
  const instant = (name: string): number | undefined => {
    const value = text(name)
    return value === undefined ? undefined : parseInstant(value, name)
  }
  const syncToken = text('syncToken')
  const clash = notWithSyncToken.find((name) => parameters.has(name))
  if (syncToken !== undefined && clash !== undefined) {
    throw badParameter(clash, 'Sync token cannot be used with the requested query restrictions.')
  }
  const singleEvents = flag(parameters, 'singleEvents')
  const orderBy = text('orderBy')
  if (orderBy !== undefined && orderBy !== 'startTime' && orderBy !== 'updated') {
    throw badParameter('orderBy')
  }
  if (orderBy === 'startTime' && !singleEvents) {
    throw badParameter(
      'orderBy',
      'The requested ordering is not available for the particular query.',
    )
  }
  const [timeMin, timeMax] = [instant('timeMin'), instant('timeMax')]
  if (timeMin !== undefined && timeMax !== undefined && timeMax <= timeMin) {
    throw badParameter('timeMax', 'The specified time range is empty.', 'timeRangeEmpty')
  }
  const [updatedMin, iCalUID] = [instant('updatedMin'), text('iCalUID')]
  const rest = [...parameters].filter(([name]) => name !== 'pageToken' && name !== 'maxResults')
  return {
    maxResults: limit(text('maxResults')),
    pageToken: text('pageToken'),
    syncToken,
    timeMin,
    timeMax,
    updatedMin,
    iCalUID,
    orderBy,
    singleEvents,
    showDeleted: flag(parameters, 'showDeleted'),
    syncable: orderBy === undefined && updatedMin === undefined && iCalUID === undefined,
    fingerprint: rest
      .map((pair) => JSON.stringify(pair))
      .sort()
      .join(),
  }
}

function flag(parameters: URLSearchParams, name: string): boolean {
  const value = parameters.get(name) ?? 'false'
  if (value !== 'true' && value !== 'false') throw badParameter(name)
  return value === 'true'
}

/** 250 by default; above 2,500 Google gives 2,500. */
function limit(text = '250'): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw badParameter('maxResults')
  return Math.min(Number(text), 2500)
}
