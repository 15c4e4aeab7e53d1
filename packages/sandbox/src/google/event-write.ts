import { randomBytes } from 'node:crypto'

import { isJsonObject, type JsonObject } from '../json.ts'
import { CalendarFailure } from './calendar-error.ts'
import { eventInstant } from './event-time.ts'
import type { GoogleService } from './service.ts'
import { entry, type EventResource, type StoredCalendar, type StoredEvent } from './state.ts'

/** What only the server sets; a client's values are left out, as Google does. */
const readOnly = new Set([
  'kind',
  'etag',
  'id',
  'htmlLink',
  'created',
  'updated',
  'creator',
  'organizer',
  'sequence',
  'iCalUID',
  'eventType',
])

/** Stores a new event, under the client's own id when it gives one. */
export function insertEvent(
  service: GoogleService,
  calendar: StoredCalendar,
  body: JsonObject,
): EventResource {
  const { id: givenId } = body
  if (
    givenId !== undefined &&
    (typeof givenId !== 'string' || !/^[a-v0-9]{5,1024}$/.test(givenId))
  ) {
    throw new CalendarFailure(400, 'invalid', 'Invalid resource id value.')
  }
  const id = givenId ?? newEventId()
  // Also for an event that was deleted: its id stays taken.
  if (entry(calendar.events, id)) {
    throw new CalendarFailure(409, 'duplicate', 'The requested identifier already exists.')
  }
  const content = merge({}, writable(body))
  const time = new Date(service.now()).toISOString()
  const person = { email: calendar.email, self: true }
  const iCalUID = typeof body['iCalUID'] === 'string' ? body['iCalUID'] : `${id}@google.com`
  const resource: EventResource = {
    kind: 'calendar#event',
    etag: '',
    id,
    htmlLink: `${service.url}/calendar/event?eid=${Buffer.from(`${id} ${calendar.email}`).toString('base64url')}`,
    created: time,
    updated: time,
    creator: person,
    organizer: person,
    iCalUID,
    sequence: 0,
    reminders: { useDefault: true },
    eventType: 'default',
    ...content,
    status: typeof content['status'] === 'string' ? content['status'] : 'confirmed',
  }
  return commit(service, calendar, { order: calendar.revision + 1, revision: 0 }, resource)
}

/** Merges into an event: hashes key by key, null unsets, lists are replaced. */
export function patchEvent(
  service: GoogleService,
  calendar: StoredCalendar,
  event: StoredEvent,
  body: JsonObject,
): EventResource {
  const resource = merge(event.resource, writable(body))
  return change(service, calendar, event, resource)
}

/** Replaces an event: what the body leaves out is gone. */
export function replaceEvent(
  service: GoogleService,
  calendar: StoredCalendar,
  event: StoredEvent,
  body: JsonObject,
): EventResource {
  const kept = Object.fromEntries(
    Object.entries(event.resource).filter(([name]) => readOnly.has(name)),
  )
  const content = merge({ reminders: { useDefault: true } }, writable(body))
  return change(service, calendar, event, { ...kept, ...content })
}

/** Deletes an event. Its id stays, so that incremental lists can report it. */
export function deleteEvent(
  service: GoogleService,
  calendar: StoredCalendar,
  event: StoredEvent,
): void {
  store(service, calendar, event, { ...event.resource, status: 'cancelled' })
}

function change(
  service: GoogleService,
  calendar: StoredCalendar,
  event: StoredEvent,
  content: JsonObject,
): EventResource {
  const { id, etag, updated, sequence } = event.resource
  const moved = ['start', 'end'].some(
    (name) => JSON.stringify(event.resource[name]) !== JSON.stringify(content[name]),
  )
  const status = typeof content['status'] === 'string' ? content['status'] : 'confirmed'
  const fields = { id, etag, updated, status, sequence: moved ? sequence + 1 : sequence }
  return commit(service, calendar, event, { ...content, ...fields })
}

/** Stores what has valid times and a valid status. */
function commit(
  service: GoogleService,
  calendar: StoredCalendar,
  event: Omit<StoredEvent, 'resource'>,
  resource: EventResource,
): EventResource {
  const start = eventInstant(resource['start'], 'start', calendar.timeZone)
  const end = eventInstant(resource['end'], 'end', calendar.timeZone)
  if (end < start) {
    throw new CalendarFailure(400, 'timeRangeEmpty', 'The specified time range is empty.')
  }
  if (!['confirmed', 'tentative', 'cancelled'].includes(resource.status)) {
    throw new CalendarFailure(400, 'invalid', 'Invalid value for: status')
  }
  return store(service, calendar, event, resource)
}

function store(
  service: GoogleService,
  calendar: StoredCalendar,
  event: Omit<StoredEvent, 'resource'>,
  content: EventResource,
): EventResource {
  calendar.revision += 1
  const etag = `"${3_000_000_000_000_000 + calendar.revision}"`
  const resource = { ...content, etag, updated: new Date(service.now()).toISOString() }
  calendar.events[resource.id] = { order: event.order, revision: calendar.revision, resource }
  return resource
}

/** What a client may set. A null is kept: in a patch it unsets. */
function writable(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !readOnly.has(name)))
}

function merge(current: JsonObject, change: JsonObject): JsonObject {
  const merged = { ...current }
  for (const [name, value] of Object.entries(change)) {
    const old = merged[name]
    if (value === null) delete merged[name]
    else merged[name] = isJsonObject(old) && isJsonObject(value) ? merge(old, value) : value
  }
  return merged
}

/** 26 characters of base32hex, which is the alphabet that event ids are made of. */
function newEventId(): string {
  return Array.from(randomBytes(26), (byte) => (byte % 32).toString(32)).join('')
}
