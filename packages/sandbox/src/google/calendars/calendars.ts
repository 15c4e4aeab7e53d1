import { type JsonObject, textOf } from '../../json.ts'
import { addSecondary, findCalendar, listOf, notFound, touchCalendar } from '../api/access.ts'
import { expectMatch } from '../api/condition.ts'
import { CalendarFailure, invalid } from '../api/failure.ts'
import type { Call, Method } from '../api/method.ts'
import { isZone } from '../api/parameters.ts'
import { isPrimary, type ListEntry, type StoredCalendar } from '../core/state.ts'
import { spreadChange } from '../events/copies.ts'
import { etagOf, renderCalendar } from './render.ts'
import { CALENDAR } from './schema.ts'

const path = '/calendar/v3/calendars'
const one = `${path}/:calendarId`

/** `calendars.*`: what is true of a calendar for all who see it. */
export const calendarMethods: readonly Method[] = [
  {
    name: 'calendars.insert',
    verb: 'POST',
    path,
    parameters: {},
    body: CALENDAR,
    reply: CALENDAR,
    run: (call) => {
      const content = contentOf(call.body)
      const calendar = addSecondary(call.service, call.grant.email, { ...content, byClient: true })
      return reply(call, calendar)
    },
  },
  {
    name: 'calendars.get',
    verb: 'GET',
    path: one,
    parameters: {},
    reply: CALENDAR,
    run: (call) => reply(call, find(call, 'calendars.get')),
  },
  {
    name: 'calendars.patch',
    verb: 'PATCH',
    path: one,
    parameters: {},
    body: CALENDAR,
    reply: CALENDAR,
    run: (call) => {
      const calendar = find(call, 'calendars.patch')
      const { summary, description = null, location = null, timeZone } = calendar
      return change(call, calendar, { summary, description, location, timeZone, ...call.body })
    },
  },
  {
    name: 'calendars.update',
    verb: 'PUT',
    path: one,
    parameters: {},
    body: CALENDAR,
    reply: CALENDAR,
    run: (call) => change(call, find(call, 'calendars.update'), call.body),
  },
  {
    name: 'calendars.delete',
    verb: 'DELETE',
    path: one,
    parameters: {},
    run: (call) => {
      const calendar = find(call, 'calendars.delete')
      if (isPrimary(calendar)) throw invalid('Cannot delete primary calendar.')
      cancelEvents(call, calendar)
      touchCalendar(call.service, calendar, { deleted: true })
      delete call.service.state.calendars[calendar.id]
      return new Response(null, { status: 204 })
    },
  },
  {
    name: 'calendars.clear',
    verb: 'POST',
    path: `${one}/clear`,
    parameters: {},
    run: (call) => {
      const calendar = find(call, 'calendars.clear')
      if (!isPrimary(calendar)) throw invalid('Only a primary calendar can be cleared.')
      cancelEvents(call, calendar)
      return new Response(null, { status: 204 })
    },
  },
]

/** Deletes all events of a calendar, and with them the copies of their guests. */
function cancelEvents({ service }: Call, calendar: StoredCalendar): void {
  calendar.revision += 1
  for (const event of Object.values(calendar.events)) {
    const { content: before } = event
    event.revision = calendar.revision
    event.content = { ...before, status: 'cancelled' }
    const { content: after } = event
    spreadChange({ service, calendar, before, after, sendUpdates: 'none' })
  }
}

function find({ service, grant, part }: Call, method: string): StoredCalendar {
  return findCalendar(service, grant, part('calendarId'), method)
}

function change(call: Call, calendar: StoredCalendar, body: JsonObject): Response {
  expectMatch(call.request, etagOf(entryOf(call, calendar).revision))
  const { timeZone } = calendar
  delete calendar.description
  delete calendar.location
  Object.assign(calendar, { timeZone, ...contentOf(body) })
  touchCalendar(call.service, calendar)
  return reply(call, calendar)
}

function contentOf({
  summary,
  description,
  location,
  timeZone,
}: JsonObject): Pick<StoredCalendar, 'summary'> & Partial<StoredCalendar> {
  if (textOf(summary) === '') throw new CalendarFailure(400, 'required', 'Missing title.')
  if (typeof timeZone === 'string' && !isZone(timeZone)) {
    throw invalid('Invalid time zone.')
  }
  return {
    summary: textOf(summary),
    ...(typeof description === 'string' ? { description } : {}),
    ...(typeof location === 'string' ? { location } : {}),
    ...(typeof timeZone === 'string' ? { timeZone } : {}),
  }
}

function reply(call: Call, calendar: StoredCalendar): Response {
  const entry = entryOf(call, calendar)
  const headers = { etag: etagOf(entry.revision) }
  return Response.json(renderCalendar(calendar, entry), { headers })
}

function entryOf({ service }: Call, { id, owner }: StoredCalendar): ListEntry {
  const entry = listOf(service, owner).entries[id]
  if (!entry) throw notFound()
  return entry
}
