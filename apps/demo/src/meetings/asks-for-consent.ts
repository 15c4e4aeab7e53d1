import { CalendarError } from '@yuzuru/calendar'

/** Whether an error is a consent that is missing or gone. */
export function asksForConsent(error: unknown): boolean {
  if (!CalendarError.isInstance(error)) return false
  return error.code === 'not_connected' || error.code === 'reconnect_required'
}
