import type { calendar_v3 } from '@googleapis/calendar'
import { expectOneOf, expectText } from '@yuzuru/concurrency/boundary'

/** Which guests Google mails about the event and its changes. @default 'none' */
export type Notify = 'all' | 'externalOnly' | 'none'

/** Which calendar of the account: its id. @default 'primary' */
export interface InCalendar {
  readonly calendarId?: string | undefined
}

/** Which event is meant. */
export interface EventPlace extends InCalendar {
  readonly id: string
}

/** Which event is meant, and as of when. */
export interface EventVersion extends EventPlace {
  /** Of the event as you have seen it; left out, the last one to write wins. */
  readonly etag?: string | undefined
  readonly notify?: Notify | undefined
}

/** Where the events of a calendar are, below the root of the API. */
export function eventsPath(calendarId: string = 'primary'): string {
  expectText('calendarId', calendarId, 1_024)
  return `/calendar/v3/calendars/${encodeURIComponent(calendarId)}/events`
}

/** Where one event is. */
export function eventPath(place: EventPlace): string {
  expectText('id', place.id, 1_024)
  // A dot segment would leave the path; no id of Google's is one.
  if (/^\.+$/.test(place.id)) throw new TypeError('Expected id to be the id of an event')
  return `${eventsPath(place.calendarId)}/${encodeURIComponent(place.id)}`
}

/** The condition that the event is still the one of this etag (RFC 9110, 13.1.1). */
export function ifMatch(etag: string | null | undefined): Record<string, string> {
  if (etag === undefined || etag === null) return {}
  if (/^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(etag)) return { 'if-match': etag }
  throw new TypeError('Expected etag to be the etag of an event, quotes included')
}

/**
 * The query of a change: which guests are mailed, and that this client knows the parts of its body that
 * Google leaves out, without a word, unless the query says so.
 */
export function changeQuery(
  notify: Notify = 'none',
  body: calendar_v3.Schema$Event = {},
): Record<string, string> {
  expectOneOf('notify', notify, ['all', 'externalOnly', 'none'])
  return {
    ...(notify === 'none' ? {} : { sendUpdates: notify }),
    ...(body.conferenceData === undefined ? {} : { conferenceDataVersion: '1' }),
    ...(body.attachments === undefined ? {} : { supportsAttachments: 'true' }),
  }
}
