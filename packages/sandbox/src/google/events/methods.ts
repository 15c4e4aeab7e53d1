import { expectRole, findCalendar, notFound } from '../api/access.ts'
import { expectMatch } from '../api/condition.ts'
import { badParameter, CalendarFailure } from '../api/failure.ts'
import type { Call, Method } from '../api/method.ts'
import type { Parameters } from '../api/parameters.ts'
import { roleOf } from '../api/roles.ts'
import type { Role } from '../core/role.ts'
import { entry, type StoredCalendar, type StoredEvent } from '../core/state.ts'
import { spreadChange } from './copies.ts'
import { INSTANCES_PARAMETERS, listInstances } from './instances.ts'
import { isCancelled } from '../series/keep.ts'
import { computedOccurrence } from '../series/occurrences.ts'
import { listEvents } from './list.ts'
import { moveEvent } from './move.ts'
import { LIST_PARAMETERS } from './list-query.ts'
import { sendUpdatesOf } from './mails.ts'
import { asSeenBy, isHiddenFrom } from './private-events.ts'
import { etagOf, renderEvent, type View } from './render.ts'
import { EVENT, EVENTS } from './schema.ts'
import { deleteEvent, insertEvent, patchEvent, replaceEvent, type Write } from './write.ts'

const path = '/calendar/v3/calendars/:calendarId/events'

/** What says who is mailed. */
const mails: Parameters = {
  sendNotifications: 'flag',
  sendUpdates: ['all', 'externalOnly', 'none'],
}

const writing: Parameters = {
  ...mails,
  conferenceDataVersion: ['0', '1'],
  eventLabelVersion: 'missing',
  maxAttendees: 'integer',
  supportsAttachments: 'missing',
}

export const eventMethods: readonly Method[] = [
  {
    name: 'events.list',
    verb: 'GET',
    path,
    parameters: LIST_PARAMETERS,
    reply: EVENTS,
    run: (call) => {
      const calendar = calendarOf(call, 'events.list')
      return Response.json(listEvents(call.service, calendar, roleIn(call, calendar), call.query))
    },
  },
  {
    name: 'events.insert',
    verb: 'POST',
    path,
    parameters: writing,
    body: EVENT,
    reply: EVENT,
    run: (call) => {
      const calendar = calendarOf(call, 'events.insert')
      const created = insertEvent(writeOf(call, calendar), call.body)
      return reply(call, calendar, spread(call, calendar, undefined, created))
    },
  },
  {
    name: 'events.get',
    verb: 'GET',
    path: `${path}/:eventId`,
    parameters: { alwaysIncludeEmail: 'ignored', maxAttendees: 'integer', timeZone: 'zone' },
    reply: EVENT,
    run: (call) => {
      const calendar = calendarOf(call, 'events.get')
      const event = findEvent(call, calendar)
      const isKnown = call.request.headers.get('if-none-match') === etagOf(event.revision)
      return isKnown ? new Response(null, { status: 304 }) : reply(call, calendar, event)
    },
  },
  {
    name: 'events.patch',
    verb: 'PATCH',
    path: `${path}/:eventId`,
    parameters: { ...writing, alwaysIncludeEmail: 'ignored' },
    body: EVENT,
    reply: EVENT,
    run: (call) => {
      const calendar = calendarOf(call, 'events.patch')
      const event = findMatching(call, calendar)
      const changed = patchEvent(writeOf(call, calendar), event, call.body)
      return reply(call, calendar, spread(call, calendar, event, changed))
    },
  },
  {
    name: 'events.update',
    verb: 'PUT',
    path: `${path}/:eventId`,
    parameters: { ...writing, alwaysIncludeEmail: 'ignored' },
    body: EVENT,
    reply: EVENT,
    run: (call) => {
      const calendar = calendarOf(call, 'events.update')
      const event = findMatching(call, calendar)
      const changed = replaceEvent(writeOf(call, calendar), event, call.body)
      return reply(call, calendar, spread(call, calendar, event, changed))
    },
  },
  {
    name: 'events.delete',
    verb: 'DELETE',
    path: `${path}/:eventId`,
    parameters: mails,
    run: (call) => {
      const calendar = calendarOf(call, 'events.delete')
      const event = findMatching(call, calendar)
      if (isCancelled(calendar, event.content)) {
        throw new CalendarFailure(410, 'deleted', 'Resource has been deleted')
      }
      spread(call, calendar, event, deleteEvent(writeOf(call, calendar), event))
      return new Response(null, { status: 204 })
    },
  },
  {
    name: 'events.move',
    verb: 'POST',
    path: `${path}/:eventId/move`,
    parameters: { ...mails, destination: 'text' },
    reply: EVENT,
    run: (call) => {
      const { service, grant, query } = call
      const from = calendarOf(call, 'events.move')
      const event = findMatching(call, from)
      const destination = query.text('destination')
      if (destination === undefined) throw badParameter('destination', 'Required', 'required')
      if (isCancelled(from, event.content)) {
        throw new CalendarFailure(410, 'deleted', 'Resource has been deleted')
      }
      const to = findCalendar(service, grant, destination, 'events.move')
      const moved = moveEvent(from, to, event, new Date(service.now()).toISOString())
      for (const { before, after } of moved) spread(call, to, before, after)
      return reply(call, to, entry(to.events, event.content.id) ?? event)
    },
  },
  {
    name: 'events.instances',
    verb: 'GET',
    path: `${path}/:eventId/instances`,
    parameters: INSTANCES_PARAMETERS,
    reply: EVENTS,
    run: (call) => {
      const calendar = calendarOf(call, 'events.instances')
      const series = findEvent(call, calendar)
      return Response.json(
        listInstances(call.service, calendar, roleIn(call, calendar), series, call.query),
      )
    },
  },
]

/** Brings what was stored to the others who have the event. */
function spread(
  { service, query }: Call,
  calendar: StoredCalendar,
  before: StoredEvent | undefined,
  stored: StoredEvent,
): StoredEvent {
  const sendUpdates = sendUpdatesOf(query)
  const { content: after } = stored
  spreadChange({ service, calendar, before: before?.content, after, sendUpdates })
  // A guest's invitation may have come back with the organizer's list.
  return entry(calendar.events, after.id) ?? stored
}

function calendarOf({ service, grant, part }: Call, method: string): StoredCalendar {
  return findCalendar(service, grant, part('calendarId'), method)
}

function writeOf({ service, grant, query }: Call, calendar: StoredCalendar): Write {
  const conferences = query.text('conferenceDataVersion') === '1'
  return { service, calendar, actor: grant.email, conferences }
}

function findEvent({ part }: Call, calendar: StoredCalendar): StoredEvent {
  const id = part('eventId')
  const event = entry(calendar.events, id) ?? computedOccurrence(calendar, id)
  if (!event) throw notFound()
  return event
}

/** The event, where `If-Match` agrees and the account may change it. */
function findMatching(call: Call, calendar: StoredCalendar): StoredEvent {
  const event = findEvent(call, calendar)
  const role = roleIn(call, calendar)
  if (isHiddenFrom(role, event.content)) expectRole(role, 'writer')
  expectMatch(call.request, etagOf(event.revision))
  return event
}

function roleIn({ grant }: Call, calendar: StoredCalendar): Role {
  return roleOf(calendar, grant.email)
}

function reply(call: Call, calendar: StoredCalendar, event: StoredEvent): Response {
  const { service, query } = call
  const view: View = {
    timeZone: query.text('timeZone'),
    maxAttendees: query.integer('maxAttendees'),
  }
  const resource = renderEvent(service.url, calendar, asSeenBy(roleIn(call, calendar), event), view)
  return Response.json(resource, { headers: { etag: etagOf(event.revision) } })
}
