export type { CalendarAccount } from './accounts/account.ts'
export type { CalendarTokens, StoredAccount } from './stores/account-tokens.ts'
export type { Calendar } from './calendar.ts'
export { CalendarError, type CalendarErrorCode, type CalendarErrorInit } from './calendar-error.ts'
export type { CalendarEvent } from './events/calendar-event.ts'
export type { CalendarOptions } from './calendar-options.ts'
export type { CalendarStore, PendingConsent } from './stores/calendar-store.ts'
export type { Connection, ConsentAnswer, ConsentRequest } from './accounts/consent.ts'
export { createCalendar } from './create-calendar.ts'
export type { CalendarEndpoints } from './wire/endpoints.ts'
export type {
  CreatedEvent,
  EventPlace,
  EventVersion,
  InCalendar,
  NewEvent,
  Notify,
  UpdatedEvent,
} from './events/event-calls.ts'
export type {
  EventAttendee,
  EventChanges,
  EventFields,
  EventReminder,
} from './events/event-fields.ts'
export type { EventChange, ListQuery, SyncPage, SyncQuery } from './events/event-lists.ts'
export type { EventTime, PlainDate } from './events/event-time.ts'
export type { TokenCipher } from './stores/token-cipher.ts'
