import {
  type Fields,
  fieldsOf,
  flag,
  integer,
  listOf,
  missing,
  oneOf,
  readOnly,
  text,
} from '../api/shape.ts'

const conferenceProperties = readOnly

/** Every field of a calendar. Source: https://developers.google.com/workspace/calendar/api/v3/reference/calendars */
export const CALENDAR: Fields = {
  autoAcceptInvitations: missing,
  conferenceProperties,
  dataOwner: readOnly,
  description: text,
  etag: readOnly,
  id: readOnly,
  kind: readOnly,
  labelProperties: missing,
  location: text,
  summary: text,
  timeZone: text,
}

/** Source: https://developers.google.com/workspace/calendar/api/v3/reference/calendarList */
export const CALENDAR_LIST_ENTRY: Fields = {
  accessRole: readOnly,
  autoAcceptInvitations: readOnly,
  backgroundColor: text,
  colorId: text,
  conferenceProperties,
  dataOwner: readOnly,
  defaultReminders: listOf(fieldsOf({ method: oneOf('email', 'popup'), minutes: integer })),
  deleted: readOnly,
  description: readOnly,
  etag: readOnly,
  foregroundColor: text,
  hidden: flag,
  id: text,
  kind: readOnly,
  location: readOnly,
  notificationSettings: missing,
  primary: readOnly,
  selected: flag,
  summary: readOnly,
  summaryOverride: text,
  timeZone: readOnly,
}

export const CALENDAR_LIST: Fields = {
  etag: text,
  items: listOf(fieldsOf(CALENDAR_LIST_ENTRY)),
  kind: text,
  nextPageToken: text,
  nextSyncToken: text,
}
