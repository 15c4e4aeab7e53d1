import type { JsonObject } from '../../json.ts'
import { roleOf } from '../api/roles.ts'
import { isPrimary, type ListEntry, type StoredCalendar } from '../core/state.ts'

/** Google's resource of a calendar. */
export function renderCalendar(calendar: StoredCalendar, { revision }: ListEntry): JsonObject {
  return {
    kind: 'calendar#calendar',
    etag: etagOf(revision),
    id: calendar.id,
    ...textsOf(calendar),
    timeZone: calendar.timeZone,
    ...ownerOf(calendar),
    conferenceProperties: { allowedConferenceSolutionTypes: ['hangoutsMeet'] },
  }
}

/** A calendar as it stands in an account's list. */
export function renderEntry(
  calendar: StoredCalendar,
  { revision, own }: ListEntry,
  account: string,
): JsonObject {
  return {
    kind: 'calendar#calendarListEntry',
    etag: etagOf(revision),
    id: calendar.id,
    ...textsOf(calendar),
    timeZone: calendar.timeZone,
    ...ownerOf(calendar),
    accessRole: roleOf(calendar, account),
    colorId: '14',
    backgroundColor: '#9fe1e7',
    foregroundColor: '#000000',
    defaultReminders: [],
    conferenceProperties: { allowedConferenceSolutionTypes: ['hangoutsMeet'] },
    ...own,
    ...(calendar.id === account ? { primary: true } : {}),
  }
}

/** What is sure to be said of a calendar that went from the list. */
export function renderGone(id: string, { revision }: ListEntry): JsonObject {
  return { kind: 'calendar#calendarListEntry', etag: etagOf(revision), id, deleted: true }
}

export function etagOf(revision: number): string {
  return `"${1_000_000_000_000_000 + revision}"`
}

function textsOf({ summary, description, location }: StoredCalendar): JsonObject {
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    ...(location === undefined ? {} : { location }),
  }
}

/** Said of secondary calendars only. */
function ownerOf(calendar: StoredCalendar): JsonObject {
  return isPrimary(calendar) ? {} : { dataOwner: calendar.owner }
}
