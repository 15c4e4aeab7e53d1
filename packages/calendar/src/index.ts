export type { CalendarAccount } from './accounts/account.ts'
export type { AccountChange, AccountListener } from './accounts/account-change.ts'
export type { CalendarTokens, StoredAccount } from './stores/account-tokens.ts'
export type { Calendar } from './calendar.ts'
export { CalendarError, type CalendarErrorCode, type CalendarErrorInit } from './calendar-error.ts'
export type { AttendeeResponse, CalendarAttendee, CalendarEvent } from './events/calendar-event.ts'
export type { CalendarOptions } from './calendar-options.ts'
export type { CalendarStore, PendingConsent, RefreshClaim } from './stores/calendar-store.ts'
export type { Connection, ConsentAnswer, ConsentRequest } from './accounts/consent.ts'
export { createCalendar } from './create-calendar.ts'
export type { CalendarEndpoints } from './wire/endpoints.ts'
export type {
  CalendarEntry,
  Calendars,
  CalendarsQuery,
  NewCalendar,
} from './calendars/calendars.ts'
export type { AttendeeChanges, EventAttendee } from './events/attendees.ts'
export type { CreatedEvent, NewEvent } from './events/create-event.ts'
export type { MovedEvent } from './events/event-calls.ts'
export type { EventFields } from './events/event-fields.ts'
export type { InstancesQuery, ListQuery } from './events/event-lists.ts'
export type { EventPlace, EventVersion, InCalendar, Notify } from './events/event-place.ts'
export type { CalendarEvents } from './events/events.ts'
export type { BusyTime, CalendarBusy, FreeBusyQuery } from './events/free-busy.ts'
export type { EventReminder } from './events/reminders.ts'
export type { EventResponse } from './events/respond.ts'
export type { EventChange, SyncPage, SyncQuery } from './events/sync.ts'
export type { EventChanges, UpdatedEvent } from './events/update-event.ts'
export { type EventTime, isPlainDate, type PlainDate } from './events/event-time.ts'
export type { TokenCipher } from './stores/token-cipher.ts'
export {
  type CalendarWatch,
  type CalendarWatchOptions,
  createCalendarWatch,
  type WatchCause,
} from './watch/calendar-watch.ts'
export type { Channel, NewChannel } from './watch/channel-calls.ts'
export type { WatchedPlace } from './watch/channel-token.ts'
