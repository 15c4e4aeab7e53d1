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
  texts,
} from '../api/shape.ts'

const time = fieldsOf({ date: text, dateTime: text, timeZone: text })

const person = readOnly

/**
 * Every field of an event. What is `readOnly` here is set by the server; what is `missing` is 501.
 * Source: https://developers.google.com/workspace/calendar/api/v3/reference/events
 */
export const EVENT: Fields = {
  anyoneCanAddSelf: flag,
  // Kept only of clients that say `supportsAttachments`, which the sandbox does not have.
  attachments: readOnly,
  attendees: listOf(
    fieldsOf({
      additionalGuests: integer,
      asyncOperation: readOnly,
      comment: text,
      displayName: text,
      email: text,
      id: readOnly,
      optional: flag,
      organizer: readOnly,
      resource: flag,
      responseStatus: oneOf('needsAction', 'declined', 'tentative', 'accepted'),
      self: readOnly,
    }),
  ),
  attendeesOmitted: flag,
  birthdayProperties: missing,
  colorId: text,
  conferenceData: fieldsOf({
    conferenceId: text,
    conferenceSolution: fieldsOf({
      iconUri: text,
      key: fieldsOf({ type: text }),
      name: text,
    }),
    createRequest: fieldsOf({
      conferenceSolutionKey: fieldsOf({ type: text }),
      requestId: text,
      status: readOnly,
    }),
    entryPoints: listOf(
      fieldsOf({
        accessCode: text,
        entryPointFeatures: listOf(text),
        entryPointType: oneOf('video', 'phone', 'sip', 'more'),
        label: text,
        meetingCode: text,
        passcode: text,
        password: text,
        pin: text,
        regionCode: text,
        uri: text,
      }),
    ),
    notes: text,
    parameters: missing,
    signature: text,
  }),
  created: readOnly,
  creator: person,
  description: text,
  end: time,
  endTimeUnspecified: readOnly,
  etag: readOnly,
  eventLabelId: missing,
  eventType: oneOf('default'),
  extendedProperties: fieldsOf({ private: texts, shared: texts }),
  focusTimeProperties: missing,
  gadget: missing,
  guestsCanInviteOthers: flag,
  guestsCanModify: flag,
  guestsCanSeeOtherGuests: flag,
  hangoutLink: readOnly,
  htmlLink: readOnly,
  iCalUID: text,
  id: text,
  kind: readOnly,
  location: text,
  locked: readOnly,
  organizer: person,
  originalStartTime: readOnly,
  outOfOfficeProperties: missing,
  privateCopy: readOnly,
  recurrence: listOf(text),
  recurringEventId: readOnly,
  reminders: fieldsOf({
    overrides: listOf(fieldsOf({ method: oneOf('email', 'popup'), minutes: integer })),
    useDefault: flag,
  }),
  sequence: integer,
  source: fieldsOf({ title: text, url: text }),
  start: time,
  status: oneOf('confirmed', 'tentative', 'cancelled'),
  summary: text,
  transparency: oneOf('opaque', 'transparent'),
  updated: readOnly,
  visibility: oneOf('default', 'public', 'private', 'confidential'),
  workingLocationProperties: missing,
}

/** A page of events. Source: https://developers.google.com/workspace/calendar/api/v3/reference/events/list */
export const EVENTS: Fields = {
  accessRole: text,
  defaultReminders: listOf(fieldsOf({ method: text, minutes: integer })),
  description: text,
  etag: text,
  items: listOf(fieldsOf(EVENT)),
  kind: text,
  nextPageToken: text,
  nextSyncToken: text,
  summary: text,
  timeZone: text,
  updated: text,
}
