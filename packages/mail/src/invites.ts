export {
  calendarInvite,
  type InviteAnswer,
  type InviteDetails,
  type InviteEvent,
} from './invites/calendar-invite.ts'
export type { EventDays, EventHours } from './invites/event-time.ts'
export type { InviteRepetition, InviteWeekday } from './invites/repetition.ts'
