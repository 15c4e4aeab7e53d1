import type { calendar_v3 } from '@googleapis/calendar'
import { expectInteger, expectOneOf, expectOptions } from '@yuzuru/concurrency/boundary'

/** A reminder: minutes before the start, 0 to 40,320 (four weeks). */
export interface EventReminder {
  readonly method: 'email' | 'popup'
  readonly minutes: number
}

/** Reminders as Google has them. */
export function nativeReminders(
  reminders: 'default' | readonly EventReminder[],
): NonNullable<calendar_v3.Schema$Event['reminders']> {
  if (reminders === 'default') return { useDefault: true }
  if (!Array.isArray(reminders) || reminders.length > 5) {
    throw new TypeError("Expected reminders to be 'default' or a list of at most 5")
  }
  const overrides = reminders.map((reminder: EventReminder) => {
    expectOptions(reminder, ['method', 'minutes'], 'reminders')
    const { method, minutes } = reminder
    expectOneOf('the method of each reminder', method, ['email', 'popup'])
    expectInteger('the minutes of each reminder', minutes, 0, 40_320)
    return { method, minutes }
  })
  return { useDefault: false, overrides }
}
