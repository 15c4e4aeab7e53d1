import type { calendar_v3 } from '@googleapis/calendar'
import { CalendarError } from '../calendar-error.ts'
import type { Operation } from '../wire/operations.ts'
import type { EventVersion } from './event-place.ts'
import { conflictOf, type EventRequests, isConflict } from './event-requests.ts'

type Native = calendar_v3.Schema$Event

/** What the account answers to an invitation. */
export interface EventResponse extends EventVersion {
  readonly response: 'accepted' | 'declined' | 'tentative'
  /** For the organizer: 1 to 1,000 characters. @default the one before */
  readonly comment?: string | undefined
}

/** The names that {@link EventResponse} adds. */
export const RESPONSE: readonly string[] = ['response', 'comment']

/** How often it begins anew because somebody else changed the event in between. */
const ATTEMPTS = 5

/** Puts the account's answer into the list of guests, and leaves those of the others. */
export async function respondTo(
  call: Operation,
  requests: EventRequests,
  answer: EventResponse,
): Promise<Native> {
  const { etag, notify, response, comment } = answer
  for (let attempt = 1; ; attempt += 1) {
    const current = await requests.read(call, answer)
    if (etag !== undefined && current.etag !== etag) throw conflictOf(call, undefined, current)
    const guests = current.attendees ?? []
    const self = guests.find((guest) => guest.self === true)
    if (self === undefined) throw notInvited(call)
    const isSaid = self.responseStatus === response && (comment ?? self.comment) === self.comment
    // In an event that was deleted it is of no use: Google says so below.
    if (isSaid && current.status !== 'cancelled') return current
    const said = {
      ...self,
      responseStatus: response,
      ...(comment === undefined ? {} : { comment }),
    }
    const attendees = guests.map((guest) => (guest === self ? said : guest))
    // Where guests are left out of what was read, Google takes the answer alone.
    const body: Native =
      current.attendeesOmitted === true
        ? { attendeesOmitted: true, attendees: [said] }
        : { attendees }
    try {
      return await requests.patch(call, { place: answer, etag: current.etag, notify, body })
    } catch (error) {
      if (!isConflict(error) || etag !== undefined || attempt === ATTEMPTS) throw error
    }
  }
}

function notInvited({ operation, reference }: Operation): CalendarError {
  const message = `calendar.${operation} failed: this account is no guest of the event`
  const init = { operation, reference, code: 'forbidden', outcome: 'none' } as const
  return new CalendarError(message, init)
}
