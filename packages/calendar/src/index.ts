export type { CalendarTokens, StoredAccount } from './account-tokens.ts'
export type { Calendar } from './calendar.ts'
export { CalendarError, type CalendarErrorCode, type CalendarErrorInit } from './calendar-error.ts'
export type { CalendarEvent } from './calendar-event.ts'
export type { CalendarOptions } from './calendar-options.ts'
export type { CalendarStore, PendingConsent } from './calendar-store.ts'
export type { Connection, ConsentAnswer, ConsentRequest } from './consent.ts'
export { createCalendar } from './create-calendar.ts'
export type { CalendarEndpoints } from './endpoints.ts'
export type {
  CreatedEvent,
  EventPlace,
  EventVersion,
  InCalendar,
  NewEvent,
  Notify,
  UpdatedEvent,
} from './event-calls.ts'
export type { EventAttendee, EventChanges, EventFields, EventReminder } from './event-fields.ts'
export type { EventChange, ListQuery, SyncPage, SyncQuery } from './event-lists.ts'
export type { EventTime, PlainDate } from './event-time.ts'
export type { TokenCipher } from './token-cipher.ts'
