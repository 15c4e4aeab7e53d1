import type { calendar_v3 } from '@googleapis/calendar'
import { expectObject, expectOptions } from '@yuzuru/concurrency/boundary'

type Native = calendar_v3.Schema$EventAttendee

/** An invited person. */
export type EventAttendee =
  | string
  | {
      readonly email: string
      readonly name?: string | undefined
      readonly optional?: boolean | undefined
    }

/** Who is to be invited, and who no longer. Everybody else stays, with the answer that was given. */
export interface AttendeeChanges {
  /** A person who is invited already gets the name and the `optional` that are given, and keeps the answer. */
  readonly add?: readonly EventAttendee[] | undefined
  /** Addresses. One that is not invited is left alone. */
  readonly remove?: readonly string[] | undefined
}

/** The most guests that Google takes with one event. */
const MOST = 200

/** Guests as Google has them. */
export function nativeAttendees(attendees: readonly EventAttendee[]): Native[] {
  if (!Array.isArray(attendees) || attendees.length > MOST) {
    throw new TypeError(`Expected attendees to be a list of at most ${MOST}`)
  }
  return attendees.map((attendee: EventAttendee) => {
    const { email, name, optional }: Exclude<EventAttendee, string> =
      typeof attendee === 'string' ? { email: attendee } : attendee
    if (typeof attendee !== 'string') {
      expectOptions(attendee, ['email', 'name', 'optional'], 'attendees')
    }
    expectAddress(email)
    return {
      email,
      ...(name === undefined ? {} : { displayName: name }),
      ...(optional === undefined ? {} : { optional }),
    }
  })
}

/** A change of the guests, checked, as a function of those that are there. */
export function attendeeChange(changes: AttendeeChanges): (there: readonly Native[]) => Native[] {
  expectObject('attendees', changes)
  expectOptions(changes, ['add', 'remove'], 'attendees')
  const added = nativeAttendees(changes.add ?? [])
  const { remove = [] } = changes
  if (!Array.isArray(remove)) throw new TypeError('Expected attendees.remove to be a list')
  for (const email of remove) expectAddress(email)
  if (added.length + remove.length === 0) {
    throw new TypeError('Expected attendees to add or remove somebody, got nobody')
  }
  const gone = new Set(remove.map((email) => email.toLowerCase()))
  const both = added.find((each) => gone.has(keyOf(each)))
  if (both !== undefined) throw new TypeError('Expected nobody to be both added and removed')
  return (there) => {
    const guests = new Map(
      there.filter((each) => !gone.has(keyOf(each))).map((each) => [keyOf(each), each]),
    )
    for (const each of added) guests.set(keyOf(each), { ...guests.get(keyOf(each)), ...each })
    return [...guests.values()]
  }
}

/** Addresses are compared without regard to case, as Google does. */
function keyOf({ email }: Native): string {
  return (email ?? '').toLowerCase()
}

function expectAddress(email: unknown): void {
  if (typeof email === 'string' && /^[^\s@<>]+@[^\s@<>]+$/.test(email)) return
  throw new TypeError('Expected the email of each attendee to be an address')
}
