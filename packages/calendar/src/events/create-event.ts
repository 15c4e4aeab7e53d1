import type { calendar_v3 } from '@googleapis/calendar'
import { expectOneOf } from '@yuzuru/concurrency/boundary'
import type { AccountApi } from '../accounts/account-api.ts'
import { CalendarError } from '../calendar-error.ts'
import { isResource } from '../wire/answer-shape.ts'
import type { Operation } from '../wire/operations.ts'
import { type CalendarEvent, calendarEvent } from './calendar-event.ts'
import { isOther, saysOther, withDigest } from './event-content.ts'
import { EVENT_FIELDS, type EventFields, newNativeEvent } from './event-fields.ts'
import { type EventIdentity, newEventId } from './event-id.ts'
import { changeQuery, eventsPath, type InCalendar, type Notify } from './event-place.ts'
import { type EventRequests, isConflict, withCurrent } from './event-requests.ts'

type Native = calendar_v3.Schema$Event

/** What becomes of a key whose event was deleted. */
type IfDeleted = 'fail' | 'restore' | 'recreate'

/** An event that is to be created. */
export interface NewEvent extends EventFields, EventIdentity, InCalendar {
  /**
   * An id of your own: 5 to 1,024 characters of `a` to `v` and `0` to `9`, unique in the calendar. It stands for the
   * event as an `idempotencyKey` does.
   */
  readonly id?: string | undefined
  /** Stands for the event: the same key makes one event, however often it is created. 1 to 1,000 characters. */
  readonly idempotencyKey?: string | undefined
  /**
   * When the event of the key was deleted, by a person say: fail with `already_exists`; bring it back as it is
   * asked for now (`'restore'`); or make the next one of the key beside it (`'recreate'`, for an
   * `idempotencyKey` only, 20 times at the most). Use one of them for a key, always the same. @default 'fail'
   */
  readonly ifDeleted?: IfDeleted | undefined
  readonly notify?: Notify | undefined
}

/** Result of {@link CalendarEvents.create}. */
export interface CreatedEvent {
  readonly event: CalendarEvent
  /**
   * False: the event of this id or key was there already, from an earlier call with the same content; it is as it
   * stands now.
   */
  readonly created: boolean
}

/** The names of {@link NewEvent}. */
export const NEW_EVENT: readonly string[] = Object.keys({
  ...EVENT_FIELDS,
  calendarId: true,
  id: true,
  idempotencyKey: true,
  ifDeleted: true,
  notify: true,
} satisfies Record<keyof NewEvent, true>)

/** What is needed to create an event, checked. */
export interface Creation {
  readonly calendarId: string
  /** The caller says which event it is: by an id, or by a key. `undefined`: each call makes another. */
  readonly namedBy: 'id' | 'key' | undefined
  /** The event of the key after so many that were deleted. */
  readonly generation: (count: number) => Generation
  readonly ifDeleted: IfDeleted
  readonly notify: Notify | undefined
}

/** One event of a key. */
interface Generation {
  readonly id: string
  readonly asked: Native
  /** With its digest, where the caller says which event it is. */
  readonly body: Native
}

/** How many events of a key are looked at. */
const GENERATIONS = 20

/** How often a deleted event is looked at again because it was changed in between. */
const ATTEMPTS = 5

/** Throws unless the event can be created. */
export function creationOf(reference: string, event: NewEvent): Creation {
  const { calendarId = 'primary', ifDeleted = 'fail', notify } = event
  eventsPath(calendarId)
  changeQuery(notify)
  const id = newEventId(reference, calendarId, event)
  expectOneOf('ifDeleted', ifDeleted, ['fail', 'restore', 'recreate'])
  const hasKey = event.idempotencyKey !== undefined
  const namedBy = hasKey ? 'key' : event.id === undefined ? undefined : 'id'
  if (ifDeleted === 'recreate' && !hasKey) {
    throw new TypeError("Expected idempotencyKey with ifDeleted: 'recreate', got none")
  }
  const first = newNativeEvent(id, event)
  const generation = (count: number): Generation => {
    const next = count === 0 ? id : newEventId(reference, calendarId, event, count)
    const asked = count === 0 ? first : newNativeEvent(next, event)
    return { id: next, asked, body: namedBy ? withDigest(asked) : asked }
  }
  return { calendarId, namedBy, generation, ifDeleted, notify }
}

/** Inserts an event; when its id is taken, says what stands there. */
export async function createEvent(
  call: Operation,
  api: AccountApi,
  requests: EventRequests,
  creation: Creation,
): Promise<CreatedEvent> {
  const { calendarId, generation, ifDeleted, notify } = creation
  for (let count = 0; ; count += 1) {
    const each = generation(count)
    const query = changeQuery(notify, each.body)
    const insert = { method: 'POST', url: eventsPath(calendarId), query, json: each.body }
    try {
      const native = await api.json<Native>(
        call,
        { ...insert, idempotencyKey: each.id },
        isResource,
      )
      return { event: calendarEvent(native), created: true }
    } catch (error) {
      if (!CalendarError.isInstance(error) || error.code !== 'already_exists') throw error
      const found = await taken(call, requests, creation, each, error)
      if (found !== undefined) return found
      if (ifDeleted !== 'recreate' || count + 1 === GENERATIONS) throw deletedBefore(call, error)
    }
  }
}

/** What stands under an id that is taken; `undefined`: it was deleted, and is not to come back. */
async function taken(
  call: Operation,
  requests: EventRequests,
  creation: Creation,
  each: Generation,
  conflict: CalendarError,
): Promise<CreatedEvent | undefined> {
  const { calendarId, namedBy, ifDeleted } = creation
  for (let attempt = 1; ; attempt += 1) {
    const existing = await requests.read(call, { id: each.id, calendarId })
    if (existing.status !== 'cancelled') {
      // Under an id anybody may have made it; under the digest of a key, or by chance, nobody else has.
      const isOurs = namedBy !== 'id'
      const differs = isOther(existing, each.asked) ?? (!isOurs && saysOther(existing, each.asked))
      if (differs) throw otherContent(call, conflict, existing)
      return { event: calendarEvent(existing), created: false }
    }
    if (ifDeleted !== 'restore') return undefined
    try {
      const native = await restore(call, requests, creation, each, existing)
      return { event: calendarEvent(native), created: true }
    } catch (failed) {
      // Another caller has brought it back, or an attempt of this one whose answer was lost.
      if (!isConflict(failed) || attempt === ATTEMPTS) throw failed
    }
  }
}

/** Puts what is asked for in the place of a deleted event: a patch would leave in it what it said before. */
async function restore(
  call: Operation,
  requests: EventRequests,
  { calendarId, notify }: Creation,
  { id, body }: Generation,
  { etag }: Native,
): Promise<Native> {
  const { id: _, ...content } = body
  // A Meet stays unless it is taken off: without its version in the query Google takes no note of it.
  const restored = { conferenceData: null as never, ...content, status: 'confirmed' }
  return await requests.replace(call, { place: { id, calendarId }, etag, notify, body: restored })
}

function deletedBefore(
  { operation, reference }: Operation,
  conflict: CalendarError,
): CalendarError {
  const { status, reason, outcome } = conflict
  const message = `calendar.${operation} failed: an event of this id was there and was deleted; Google keeps the id taken`
  const init = { operation, reference, status, reason, outcome, cause: conflict }
  return new CalendarError(message, { ...init, code: 'already_exists' })
}

/** This content has made nothing; an earlier request of the id or key made the event. */
function otherContent(call: Operation, conflict: CalendarError, existing: Native): CalendarError {
  const message = `calendar.${call.operation} failed: the event of this id or key was created with other content; look at \`current\`, and change it with events.update`
  return withCurrent(call, 'idempotency_conflict', message, conflict, existing)
}
