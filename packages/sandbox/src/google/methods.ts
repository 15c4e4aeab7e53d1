import type { Method } from './api/method.ts'
import { calendarMethods } from './calendars/methods.ts'
import { eventMethods } from './events/methods.ts'

/** Every method of the Calendar API that the sandbox has. */
export const methods: readonly Method[] = [...calendarMethods, ...eventMethods]
