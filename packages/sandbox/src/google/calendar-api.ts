import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { authorize, findCalendar } from './access.ts'
import { CalendarFailure } from './calendar-error.ts'
import { listEvents } from './event-list.ts'
import { deleteEvent, insertEvent, patchEvent, replaceEvent } from './event-write.ts'
import type { GoogleService } from './service.ts'
import { entry, type EventResource, type StoredCalendar, type StoredEvent } from './state.ts'

/** What a handler gets: the account is known and its calendar found. */
interface CalendarCall {
  readonly service: GoogleService
  readonly calendar: StoredCalendar
  readonly request: Request
  readonly eventId: string
  readonly body: JsonObject
}

export interface CalendarRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly run: (call: CalendarCall) => Response
}

const events = '/calendar/v3/calendars/:calendarId/events'
const calendarList = '/calendar/v3/users/me/calendarList'

export const calendarRoutes: readonly CalendarRoute[] = [
  {
    method: 'GET',
    path: calendarList,
    run: ({ calendar }) => {
      const items = [listEntry(calendar)]
      const etag = items[0]?.['etag'] ?? ''
      return Response.json({ kind: 'calendar#calendarList', etag, items, nextSyncToken: 'none' })
    },
  },
  {
    method: 'GET',
    path: `${calendarList}/:calendarId`,
    run: ({ calendar }) => Response.json(listEntry(calendar)),
  },
  {
    method: 'GET',
    path: '/calendar/v3/calendars/:calendarId',
    run: ({ calendar }) => {
      const { email, timeZone } = calendar
      const etag = `"c${email}"`
      return Response.json({ kind: 'calendar#calendar', etag, id: email, summary: email, timeZone })
    },
  },
  {
    method: 'GET',
    path: events,
    run: ({ service, calendar, request }) =>
      Response.json(listEvents(service, calendar, new URL(request.url).searchParams)),
  },
  {
    method: 'POST',
    path: events,
    run: ({ service, calendar, body }) => eventReply(insertEvent(service, calendar, body)),
  },
  {
    method: 'GET',
    path: `${events}/:eventId`,
    run: (call) => {
      const { resource } = findEvent(call)
      const unchanged = call.request.headers.get('if-none-match') === resource.etag
      return unchanged ? new Response(null, { status: 304 }) : eventReply(resource)
    },
  },
  {
    method: 'PATCH',
    path: `${events}/:eventId`,
    run: (call) => {
      const event = findLive(call)
      return eventReply(patchEvent(call.service, call.calendar, event, call.body))
    },
  },
  {
    method: 'PUT',
    path: `${events}/:eventId`,
    run: (call) => {
      const event = findLive(call)
      return eventReply(replaceEvent(call.service, call.calendar, event, call.body))
    },
  },
  {
    method: 'DELETE',
    path: `${events}/:eventId`,
    run: (call) => {
      deleteEvent(call.service, call.calendar, findLive(call))
      return new Response(null, { status: 204 })
    },
  },
]

/** Runs a route: token, scope, calendar, body, then the handler; failures in Google's shape. */
export async function answerCalendar(
  service: GoogleService,
  request: Request,
  route: CalendarRoute | undefined,
  path: { calendarId: string; eventId: string },
): Promise<Response> {
  try {
    if (!route) throw new CalendarFailure(404, 'notFound', 'Not Found')
    const grant = authorize(service, request, route.method === 'GET' ? 'read' : 'write')
    const calendar = findCalendar(service, grant, path.calendarId)
    const body = request.method === 'GET' ? {} : await bodyOf(request)
    return route.run({ service, calendar, request, eventId: path.eventId, body })
  } catch (error) {
    if (error instanceof CalendarFailure) return error.toResponse()
    throw error
  }
}

async function bodyOf(request: Request): Promise<JsonObject> {
  const text = await request.text()
  if (text === '') return {}
  let parsed: Json
  try {
    // A key of this name would become a prototype when it is copied.
    parsed = JSON.parse(text, (key, value: Json) =>
      key === '__proto__' ? undefined : value,
    ) as Json
  } catch {
    throw new CalendarFailure(400, 'parseError', 'Parse Error')
  }
  if (!isJsonObject(parsed)) throw new CalendarFailure(400, 'parseError', 'Parse Error')
  // Google keeps conference data only from clients that say they know its current version.
  const version = new URL(request.url).searchParams.get('conferenceDataVersion')
  if (version !== '1') delete parsed['conferenceData']
  return parsed
}

function findEvent({ calendar, eventId }: CalendarCall): StoredEvent {
  const event = entry(calendar.events, eventId)
  if (!event) throw new CalendarFailure(404, 'notFound', 'Not Found')
  return event
}

/** An event that may be changed: it is there, it is not deleted, and `If-Match` agrees. */
function findLive(call: CalendarCall): StoredEvent {
  const event = findEvent(call)
  if (event.resource.status === 'cancelled') {
    throw new CalendarFailure(410, 'deleted', 'Resource has been deleted')
  }
  const expected = call.request.headers.get('if-match')
  if (expected !== null && expected !== '*' && expected !== event.resource.etag) {
    throw new CalendarFailure(412, 'conditionNotMet', 'Precondition Failed', {
      location: 'If-Match',
      locationType: 'header',
    })
  }
  return event
}

function eventReply(resource: EventResource): Response {
  return Response.json(resource, { headers: { etag: resource.etag } })
}

function listEntry({ email, timeZone }: StoredCalendar): JsonObject {
  return {
    kind: 'calendar#calendarListEntry',
    etag: `"c${email}"`,
    id: email,
    summary: email,
    timeZone,
    accessRole: 'owner',
    primary: true,
    selected: true,
    defaultReminders: [],
  }
}
