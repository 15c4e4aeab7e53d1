import { CalendarError } from '@yuzuru/calendar'

/** Whether an error means that consent is missing or was withdrawn. */
export function asksForConsent(error: unknown): boolean {
  if (!CalendarError.isInstance(error)) return false
  return error.code === 'not_connected' || error.code === 'reconnect_required'
}
