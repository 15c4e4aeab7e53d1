import type { calendar_v3 } from '@googleapis/calendar'
import type { FakeEvents, NativeEvent } from './fake-events.ts'

type Guest = calendar_v3.Schema$EventAttendee

/** Finds the calendar of an address, where there is an account of it. */
export type FindCalendar = (address: string) => FakeEvents | undefined

/** What stays in the copy in which it was set. */
const OWN = ['colorId', 'reminders', 'transparency', 'visibility'] as const

/**
 * Brings a change to the others who have the event: from the organizer to the guests, and the answer of a guest to the
 * organizer. What else a guest changes stays in the copy.
 */
export function spread(
  find: FindCalendar,
  from: FakeEvents,
  before: NativeEvent | undefined,
  after: NativeEvent,
): void {
  if (after.organizer?.email === from.id) return toGuests(find, before, after)
  const organizers = find(after.organizer?.email ?? '')
  const main = organizers?.peek(after.id)
  if (organizers === undefined || main === undefined || main.status === 'cancelled') return
  const said = guestOf(after, from.owner)
  const answer: Guest =
    after.status === 'cancelled' ? { responseStatus: 'declined' } : answerOf(said)
  const attendees = (main.attendees ?? []).map((guest) =>
    isSame(guest.email, from.owner) ? Object.assign({}, guest, answer) : guest,
  )
  toGuests(find, main, organizers.put({ ...main, attendees }))
}

function toGuests(find: FindCalendar, before: NativeEvent | undefined, after: NativeEvent): void {
  const addresses = [...(before?.attendees ?? []), ...(after.attendees ?? [])]
  const owners = new Set(addresses.map(({ email }) => find(email ?? '')))
  for (const calendar of owners) {
    if (calendar === undefined || calendar.id === after.organizer?.email) continue
    const copy = calendar.peek(after.id)
    // An event of the guest's own under the same id stays.
    if (copy !== undefined && copy.organizer?.email === calendar.id) continue
    const guest = guestOf(after, calendar.owner)
    if (guest === undefined || after.status === 'cancelled') {
      if (copy !== undefined && copy.status !== 'cancelled')
        calendar.put({ ...copy, status: 'cancelled' })
      continue
    }
    // A guest who took the copy away has declined.
    const isTakenAway = copy?.status === 'cancelled' && guest.responseStatus === 'declined'
    if (!isTakenAway) calendar.put(copyOf(after, copy))
  }
}

function copyOf(event: NativeEvent, copy: NativeEvent | undefined): NativeEvent {
  const { reminders: _, colorId: __, extendedProperties, organizer, ...shared } = event
  const own = OWN.flatMap((name) =>
    copy?.[name] === undefined ? [] : [[name, copy[name]] as const],
  )
  return {
    ...shared,
    organizer: { email: organizer?.email ?? '' },
    ...(extendedProperties?.shared
      ? { extendedProperties: { shared: extendedProperties.shared } }
      : {}),
    ...Object.fromEntries(own),
  }
}

function guestOf({ attendees = [] }: NativeEvent, address: string): Guest | undefined {
  return attendees.find(({ email }) => isSame(email, address))
}

function answerOf({ responseStatus = 'needsAction', comment }: Guest = {}): Guest {
  return { responseStatus, ...(comment === undefined ? {} : { comment }) }
}

function isSame(a: string | null | undefined, b: string): boolean {
  return (a ?? '').toLowerCase() === b.toLowerCase()
}
