import { isJsonObject, type JsonObject, textOf } from '../../json.ts'
import { calendarOf } from '../api/access.ts'
import { CalendarFailure, invalid } from '../api/failure.ts'
import type { Call, Method } from '../api/method.ts'
import { instantOf, isZone } from '../api/parameters.ts'
import { roleOf } from '../api/roles.ts'
import { type Fields, fieldsOf, integer, listOf, readOnly, text } from '../api/shape.ts'
import type { GoogleService } from '../core/service.ts'
import { entry, type EventContent, type StoredCalendar } from '../core/state.ts'
import { isCancelled, standsAlone } from '../series/keep.ts'
import { inZone, momentOf } from '../times/event-time.ts'
import { attendeesOf, isSameAddress } from './attendees.ts'
import { singleEvents } from './single-events.ts'

/** The most calendars of one request. */
const MOST = 50

/** Source: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
export const FREE_BUSY_REQUEST: Fields = {
  calendarExpansionMax: integer,
  groupExpansionMax: integer,
  items: listOf(fieldsOf({ id: text })),
  timeMax: text,
  timeMin: text,
  timeZone: text,
}

export const FREE_BUSY: Fields = {
  calendars: readOnly,
  groups: readOnly,
  kind: text,
  timeMax: text,
  timeMin: text,
}

export const freeBusyMethods: readonly Method[] = [
  {
    name: 'freebusy.query',
    verb: 'POST',
    path: '/calendar/v3/freeBusy',
    parameters: {},
    body: FREE_BUSY_REQUEST,
    reply: FREE_BUSY,
    run: (call) => Response.json(freeBusy(call)),
  },
]

type Span = readonly [start: number, end: number]

function freeBusy({ service, grant, body }: Call): JsonObject {
  const timeMin = boundOf(body, 'timeMin')
  const timeMax = boundOf(body, 'timeMax')
  if (timeMax <= timeMin) {
    throw new CalendarFailure(400, 'timeRangeEmpty', 'The specified time range is empty.')
  }
  const zone = textOf(body['timeZone']) || 'UTC'
  if (!isZone(zone)) throw invalid('Invalid time zone.')
  const items = Array.isArray(body['items']) ? body['items'] : []
  const ids = items.map((item) => (isJsonObject(item) ? textOf(item['id']) : ''))
  const shown = (id: string): JsonObject => {
    if (ids.length > MOST) return failed('tooManyCalendarsRequested')
    const primary = calendarOf(service, grant.email)
    const calendar = id === 'primary' ? primary : entry(service.state.calendars, id)
    if (!calendar || roleOf(calendar, grant.email) === 'none') return failed('notFound')
    const busy = busyTimes(service, calendar, [timeMin, timeMax])
    return {
      busy: busy.map(([start, end]) => ({ start: inZone(start, zone), end: inZone(end, zone) })),
    }
  }
  return {
    kind: 'calendar#freeBusy',
    timeMin: new Date(timeMin).toISOString(),
    timeMax: new Date(timeMax).toISOString(),
    calendars: Object.fromEntries(ids.map((id) => [id, shown(id)])),
  }
}

/** What of a range is taken, in order; what overlaps or touches is one. */
function busyTimes(service: GoogleService, calendar: StoredCalendar, [from, to]: Span): Span[] {
  const zone = calendar.timeZone
  const spans = Object.values(calendar.events)
    .filter(({ content }) => standsAlone(calendar, content))
    .flatMap((event) => singleEvents(service, calendar, event, to))
    .filter(({ content }) => !isCancelled(calendar, content) && isBusy(calendar, content))
    .map(({ content }): Span => [momentOf(content.start, zone), momentOf(content.end, zone)])
    .filter(([start, end]) => end > from && start < to && end > start)
    .map(([start, end]): Span => [Math.max(start, from), Math.min(end, to)])
    .sort(([a], [b]) => a - b)
  const merged: Span[] = []
  for (const [start, end] of spans) {
    const last = merged.at(-1)
    if (last && start <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], end)]
    else merged.push([start, end])
  }
  return merged
}

/** An event takes time unless it says otherwise, or was declined. */
function isBusy({ id }: StoredCalendar, content: EventContent): boolean {
  if (content['transparency'] === 'transparent') return false
  const self = attendeesOf(content['attendees']).find(({ email }) => isSameAddress(email, id))
  return self?.['responseStatus'] !== 'declined'
}

function failed(reason: string): JsonObject {
  return { errors: [{ domain: 'global', reason }], busy: [] }
}

function boundOf(body: JsonObject, name: 'timeMin' | 'timeMax'): number {
  const given = textOf(body[name])
  if (given === '') throw new CalendarFailure(400, 'required', `Missing ${name} parameter.`)
  const instant = instantOf(given)
  if (Number.isNaN(instant)) throw new CalendarFailure(400, 'badRequest', 'Bad Request')
  return instant
}
