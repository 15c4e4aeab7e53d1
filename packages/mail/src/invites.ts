export { calendarInvite, type InviteAnswer, type InviteEvent } from './invites/calendar-invite.ts'
