import { randomBytes } from 'node:crypto'

import { isJsonObject, type JsonObject, textOf } from '../../json.ts'
import { CalendarFailure, forbiddenForNonOrganizer, invalid } from '../api/failure.ts'
import type { GoogleService } from '../core/service.ts'
import { entry, type EventContent, type StoredCalendar, type StoredEvent } from '../core/state.ts'
import { attendeesOf, isSameAddress, readAttendees } from './attendees.ts'
import { readConference } from './conference.ts'
import { readDetails } from './details.ts'
import { momentOf, readTime } from '../times/event-time.ts'
import { readRecurrence } from '../times/recurrence.ts'
import { isCancelled, isSeriesGone, seriesIdOf } from '../series/keep.ts'
import { isRetracted } from './main-event.ts'
import { putEvent } from './put-event.ts'

/** Where a change goes, and what its client knows of. */
export interface Write {
  readonly service: GoogleService
  readonly calendar: StoredCalendar
  /** The address of the account that asks. */
  readonly actor: string
  /** Whether conference data is read: `conferenceDataVersion=1`. */
  readonly conferences: boolean
}

/** Stores a new event, under the client's own id when it gives one. */
export function insertEvent(write: Write, body: JsonObject): StoredEvent {
  const { service, calendar, actor } = write
  const id = typeof body['id'] === 'string' ? body['id'] : newEventId()
  if (!/^[a-v0-9]{5,1024}$/.test(id)) throw invalid('Invalid resource id value.')
  const iCalUID = typeof body['iCalUID'] === 'string' ? body['iCalUID'] : `${id}@google.com`
  // Also for an event that was deleted: its id stays taken.
  const isTaken =
    entry(calendar.events, id) !== undefined ||
    Object.values(calendar.events).some(({ content }) => content.iCalUID === iCalUID)
  if (isTaken) {
    throw new CalendarFailure(409, 'duplicate', 'The requested identifier already exists.')
  }
  expectZones(body)
  const time = timeOf(service)
  const own = {
    id,
    iCalUID,
    created: time.replace(/\.\d{3}Z$/, '.000Z'),
    creator: actor,
    organizer: calendar.id,
    sequence: typeof body['sequence'] === 'number' ? body['sequence'] : 0,
    status: textOf(body['status']) || 'confirmed',
  }
  return putEvent(service, calendar, undefined, read(write, merge({}, body), own, undefined))
}

/** Merges into an event: hashes key by key, null unsets, lists are replaced. */
export function patchEvent(write: Write, event: StoredEvent, body: JsonObject): StoredEvent {
  const { content } = event
  if (!write.conferences) delete body['conferenceData']
  const merged = merge(content, body)
  // What was given no zone at first has that of the calendar by now; a day that becomes a moment has none.
  expectZones(merged)
  return change(write, event, merged, body)
}

/** Replaces an event: what the body leaves out is gone. */
export function replaceEvent(write: Write, event: StoredEvent, body: JsonObject): StoredEvent {
  const { conferenceData } = event.content
  const kept = !write.conferences && conferenceData !== undefined ? { conferenceData } : {}
  if (!write.conferences) delete body['conferenceData']
  expectZones(body)
  return change(write, event, { ...merge({}, body), ...kept }, { status: 'confirmed', ...body })
}

/** Deletes an event. Its id stays, so that incremental lists can report it. */
export function deleteEvent(write: Write, event: StoredEvent): StoredEvent {
  const updated = timeOf(write.service)
  const content = { ...event.content, status: 'cancelled', updated }
  return putEvent(write.service, write.calendar, event, content)
}

function change(
  write: Write,
  event: StoredEvent,
  given: JsonObject,
  asked: JsonObject,
): StoredEvent {
  const { service, calendar } = write
  const old = event.content
  expectOrganizer(calendar, old, asked)
  const { id, iCalUID, created, creator, organizer } = old
  const series = seriesIdOf(old)
  if (series !== undefined && Array.isArray(asked['recurrence'])) {
    throw invalid('Cannot set a recurrence on an instance of a recurring event.')
  }
  const status = textOf(asked['status']) || old.status
  // A cancelled event comes back by its status, an occurrence only with its series, a copy only to its event; any other change finds it gone.
  const isLost = isSeriesGone(calendar, old) || isRetracted(service, calendar, old)
  const isBack = old.status === 'cancelled' && status !== 'cancelled' && !isLost
  if (isCancelled(calendar, old) && !isBack) throw gone()
  const sequence = sequenceOf(old, asked)
  const { originalStartTime } = old
  const own = {
    id,
    iCalUID,
    created,
    creator,
    organizer,
    sequence,
    status,
    ...(series === undefined ? {} : { recurringEventId: series, originalStartTime }),
  } as Own
  const content = read(write, withOmitted(old, given), own, old)
  const moved = ['start', 'end', 'recurrence'].some((name) => differ(old, content, name))
  // Reminders are no part of what others see: they do not count as an update.
  const names = new Set([...Object.keys(old), ...Object.keys(content)])
  const isUpdate = [...names].some(
    (name) => name !== 'reminders' && name !== 'updated' && differ(old, content, name),
  )
  return putEvent(service, calendar, event, {
    ...content,
    sequence: moved ? sequence + 1 : sequence,
    updated: isUpdate ? content.updated : old.updated,
  })
}

type Own = Pick<
  EventContent,
  'id' | 'iCalUID' | 'created' | 'creator' | 'organizer' | 'sequence' | 'status'
>

/** What is kept of what was given, checked. */
function read(
  { service, calendar, conferences }: Write,
  given: JsonObject,
  own: Own,
  old: EventContent | undefined,
): EventContent {
  const { attendees, recurrence, conferenceData, eventType: _, ...rest } = given
  const { attendeesOmitted: __, ...others } = rest
  const start = readTime(given['start'], 'start', calendar.timeZone)
  const end = readTime(given['end'], 'end', calendar.timeZone)
  if ('date' in start !== 'date' in end) {
    throw invalid('Start and end times must either both be date or both be dateTime.')
  }
  if (momentOf(end, calendar.timeZone) < momentOf(start, calendar.timeZone)) {
    throw new CalendarFailure(400, 'timeRangeEmpty', 'The specified time range is empty.')
  }
  const lines = Array.isArray(recurrence) ? recurrence.map((line) => textOf(line)) : []
  if (lines.length > 0) readRecurrence(lines, start)
  const guests = readAttendees(attendees)
  const before = old?.['conferenceData']
  const conference =
    conferences && isJsonObject(conferenceData) && conferenceData !== before
      ? readConference(conferenceData, before, own.id)
      : old === undefined
        ? undefined
        : conferenceData
  return {
    ...readDetails(others),
    ...own,
    updated: timeOf(service),
    start,
    end,
    ...(lines.length > 0 ? { recurrence: lines } : {}),
    ...(guests.length > 0 ? { attendees: guests } : {}),
    ...(conference === undefined ? {} : { conferenceData: conference }),
  }
}

/** What a guest's copy can't say. Source: https://developers.google.com/workspace/calendar/api/guides/errors */
function expectOrganizer({ id }: StoredCalendar, old: EventContent, asked: JsonObject): void {
  if (old.organizer === id) return
  const names = [
    'anyoneCanAddSelf',
    'guestsCanInviteOthers',
    'guestsCanModify',
    'guestsCanSeeOtherGuests',
  ]
  if (!names.some((name) => name in asked && differ(asked, old, name))) return
  throw forbiddenForNonOrganizer()
}

/** A client that does not know all guests says so, and gives the answers of those that it knows. */
function withOmitted(old: EventContent, given: JsonObject): JsonObject {
  if (given['attendeesOmitted'] !== true) return given
  const answers = attendeesOf(given['attendees'])
  const attendees = attendeesOf(old['attendees']).map(
    (each) => answers.find((answer) => isSameAddress(answer['email'], each['email'])) ?? each,
  )
  return { ...given, attendees }
}

/** For a series the zone is what the wall-clock time repeats in; an offset is none. */
function expectZones(body: JsonObject): void {
  const { recurrence, start, end } = body
  if (!Array.isArray(recurrence) || recurrence.length === 0) return
  for (const [which, time] of Object.entries({ start, end })) {
    if (!isJsonObject(time) || typeof time['dateTime'] !== 'string') continue
    if (typeof time['timeZone'] === 'string') continue
    throw new CalendarFailure(400, 'required', `Missing time zone definition for ${which} time.`)
  }
}

function sequenceOf({ sequence }: EventContent, asked: JsonObject): number {
  const given = typeof asked['sequence'] === 'number' ? asked['sequence'] : sequence
  if (given >= sequence) return given
  throw invalid(
    'Invalid sequence value. The specified sequence number is below the current sequence number of the resource. Re-fetch the resource and use its sequence number on the following request.',
  )
}

function gone(): CalendarFailure {
  return new CalendarFailure(410, 'deleted', 'Resource has been deleted')
}

function differ(a: JsonObject, b: JsonObject, name: string): boolean {
  return JSON.stringify(a[name]) !== JSON.stringify(b[name])
}

function merge(current: JsonObject, change: JsonObject): JsonObject {
  const merged = { ...current }
  for (const [name, value] of Object.entries(change)) {
    const old = merged[name]
    if (value === null) delete merged[name]
    else if (isJsonObject(value)) merged[name] = merge(isJsonObject(old) ? old : {}, value)
    else merged[name] = value
  }
  return merged
}

function timeOf({ now }: GoogleService): string {
  return new Date(now()).toISOString()
}

/** 26 characters of base32hex, which is the alphabet that event ids are made of. */
function newEventId(): string {
  return Array.from(randomBytes(26), (byte) => (byte % 32).toString(32)).join('')
}
