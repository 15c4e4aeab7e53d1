import { isJsonObject, type Json, type JsonObject, textOf } from '../../json.ts'
import { CalendarFailure, invalid } from '../api/failure.ts'

/**
 * The guests of an event as they are kept: each with an answer, which is `needsAction` unless it says another.
 * A list replaces the one before, so an answer that it leaves out is lost, as at Google.
 *
 * @throws CalendarFailure 400
 */
export function readAttendees(value: Json | undefined): JsonObject[] {
  if (!Array.isArray(value)) return []
  const attendees = new Map<string, JsonObject>()
  for (const given of value) {
    const attendee = isJsonObject(given) ? given : {}
    const email = textOf(attendee['email'])
    if (email === '') throw new CalendarFailure(400, 'required', 'Missing attendee email.')
    // A stricter reading than RFC 5322, 3.4.1: no quoted local parts, no domain literals.
    if (!/^[^\s@<>,;"]+@[^\s@<>,;".]+(?:\.[^\s@<>,;".]+)+$/.test(email)) {
      throw invalid('Invalid attendee email.')
    }
    if (attendees.has(email.toLowerCase())) continue
    const set = Object.entries(attendee).filter(
      ([, each]) => each !== null && each !== false && each !== 0,
    )
    attendees.set(email.toLowerCase(), {
      responseStatus: 'needsAction',
      ...Object.fromEntries(set),
    })
  }
  return [...attendees.values()]
}

/** The guests that were kept. */
export function attendeesOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((each) => isJsonObject(each)) : []
}

/** As they are shown in a calendar: with who is the organizer, and who is looking. */
export function shownAttendees(
  attendees: readonly JsonObject[],
  organizer: string,
  self: string,
  most: number = Number.POSITIVE_INFINITY,
): JsonObject[] {
  const shown = attendees.map((attendee) => ({
    ...attendee,
    ...(isSameAddress(attendee['email'], organizer) ? { organizer: true } : {}),
    ...(isSameAddress(attendee['email'], self) ? { self: true } : {}),
  }))
  return shown.length > most ? shown.filter((attendee) => 'self' in attendee) : shown
}

/** Whether two addresses are one: their case does not count. */
export function isSameAddress(a: Json | undefined, b: Json | undefined): boolean {
  return textOf(a).toLowerCase() === textOf(b).toLowerCase()
}
