import type { Method } from './api/method.ts'
import { aclMethods } from './acl/acl.ts'
import { calendarListMethods } from './calendars/calendar-list.ts'
import { calendarMethods } from './calendars/calendars.ts'
import { channelMethods } from './channels/channels.ts'
import { freeBusyMethods } from './events/free-busy.ts'
import { eventMethods } from './events/methods.ts'

/** Every method of the Calendar API that the sandbox has. */
export const methods: readonly Method[] = [
  ...aclMethods,
  ...calendarListMethods,
  ...calendarMethods,
  ...channelMethods,
  ...eventMethods,
  ...freeBusyMethods,
]
