import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import {
  expectObject,
  expectOneOf,
  expectOptions,
  expectText,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import type { AccountApi } from '../accounts/account-api.ts'
import { CalendarError } from '../calendar-error.ts'
import { isOther, withDigest } from './event-content.ts'
import { CALENDAR_EVENT, type CalendarEvent, calendarEvent } from './calendar-event.ts'
import { expectReference } from '../reference.ts'
import {
  EVENT_FIELDS,
  type EventChanges,
  type EventFields,
  nativeChanges,
  newNativeEvent,
} from './event-fields.ts'
import { type EventIdentity, newEventId } from './event-id.ts'
import type { Operation, Operations } from '../wire/operations.ts'

/** Which guests Google mails about the event and its changes. @default 'none' */
export type Notify = 'all' | 'externalOnly' | 'none'

/** Which calendar of the account: its id. @default 'primary' */
export interface InCalendar {
  readonly calendarId?: string | undefined
}

/** An event that is to be created. */
export interface NewEvent extends EventFields, EventIdentity, InCalendar {
  /** An id of your own: 5 to 1,024 characters of `a` to `v` and `0` to `9`, unique in the calendar. */
  readonly id?: string | undefined
  /** Stands for the event: the same key makes one event, however often it is created. 1 to 1,000 characters. */
  readonly idempotencyKey?: string | undefined
  /**
   * When the event of the key was deleted, by a person say: fail with `already_exists`, or bring it back as it
   * is asked for now. @default 'fail'
   */
  readonly ifDeleted?: 'fail' | 'restore' | undefined
  readonly notify?: Notify | undefined
}

/** Result of {@link Calendar.createEvent}. */
export interface CreatedEvent {
  readonly event: CalendarEvent
  /** False: an event of this id was there already, from an earlier try; it is as it stands now. */
  readonly created: boolean
}

/** Which event is meant. */
export interface EventPlace extends InCalendar {
  readonly id: string
}

/** Which event is meant, and as of when. */
export interface EventVersion extends EventPlace {
  /** Of the event as you have seen it; left out, the last one to write wins. */
  readonly etag?: string | undefined
  readonly notify?: Notify | undefined
}

/** Which event to change, and the fields to change. */
export type UpdatedEvent = EventVersion & EventChanges

const NEW_EVENT = Object.keys({
  ...EVENT_FIELDS,
  calendarId: true,
  id: true,
  idempotencyKey: true,
  ifDeleted: true,
  notify: true,
} satisfies Record<keyof NewEvent, true>)

const UPDATED_EVENT = Object.keys({
  ...EVENT_FIELDS,
  calendarId: true,
  id: true,
  etag: true,
  notify: true,
} satisfies Record<keyof UpdatedEvent, true>)

// An event as it was read says which one is meant, so it may be handed over as a whole.
const EVENT_PLACE = [...CALENDAR_EVENT, 'calendarId']
const EVENT_VERSION = [...EVENT_PLACE, 'notify']

/** Where the events of a calendar are, below the root of the API. */
export function eventsPath(calendarId: string = 'primary'): string {
  expectText('calendarId', calendarId, 1_024)
  return `/calendar/v3/calendars/${encodeURIComponent(calendarId)}/events`
}

/** The calls on one event. */
export class EventCalls {
  readonly #api: AccountApi
  readonly #operations: Operations

  constructor(api: AccountApi, operations: Operations) {
    this.#api = api
    this.#operations = operations
  }

  async create(reference: string, event: NewEvent, options?: IoOptions): Promise<CreatedEvent> {
    expectReference(reference)
    expectEvent('createEvent', event, NEW_EVENT, options)
    const { calendarId = 'primary' } = event
    const path = eventsPath(calendarId)
    const id = newEventId(reference, calendarId, event)
    const { ifDeleted = 'fail' } = event
    expectOneOf('ifDeleted', ifDeleted, ['fail', 'restore'])
    const asked = newNativeEvent(id, event)
    const json = event.idempotencyKey === undefined ? asked : withDigest(asked)
    const query = notifyQuery(event.notify)
    const call = { operation: 'createEvent', effect: 'idempotent', reference } as const
    return await this.#operations.perform(call, options, async () => {
      try {
        const request = { method: 'POST', url: path, query, json, idempotencyKey: id }
        const native = await this.#api.json<calendar_v3.Schema$Event>(call, request)
        return { event: calendarEvent(native), created: true }
      } catch (error) {
        if (!CalendarError.isInstance(error) || error.status !== 409) throw error
        const existing = await this.#read(call, eventPath({ id, calendarId }))
        if (existing.status !== 'cancelled') {
          if (isOther(existing, asked)) throw otherContent(call, error)
          return { event: calendarEvent(existing), created: false }
        }
        if (ifDeleted === 'fail') throw deletedBefore(call, error)
        const { id: _, ...content } = json
        const restored = await this.#api.json<calendar_v3.Schema$Event>(call, {
          method: 'PATCH',
          url: eventPath({ id, calendarId }),
          query,
          headers: ifMatch(existing.etag ?? undefined),
          json: { ...content, status: 'confirmed' },
        })
        return { event: calendarEvent(restored), created: true }
      }
    })
  }

  async get(reference: string, place: EventPlace, options?: IoOptions): Promise<CalendarEvent> {
    expectReference(reference)
    expectEvent('getEvent', place, EVENT_PLACE, options)
    const url = eventPath(place)
    const call = { operation: 'getEvent', effect: 'read', reference } as const
    return await this.#operations.perform(call, options, async () =>
      calendarEvent(await this.#read(call, url)),
    )
  }

  async update(
    reference: string,
    event: UpdatedEvent,
    options?: IoOptions,
  ): Promise<CalendarEvent> {
    expectReference(reference)
    expectEvent('updateEvent', event, UPDATED_EVENT, options)
    const url = eventPath(event)
    const json = nativeChanges(event)
    const query = notifyQuery(event.notify)
    const headers = ifMatch(event.etag)
    const call = { operation: 'updateEvent', effect: 'write', reference } as const
    return await this.#operations.perform(call, options, async () => {
      const request = { method: 'PATCH', url, query, headers, json }
      return calendarEvent(await this.#api.json<calendar_v3.Schema$Event>(call, request))
    })
  }

  async delete(
    reference: string,
    event: EventVersion,
    options?: IoOptions,
  ): Promise<{ readonly deleted: boolean }> {
    expectReference(reference)
    expectEvent('deleteEvent', event, EVENT_VERSION, options)
    const url = eventPath(event)
    const query = notifyQuery(event.notify)
    const headers = ifMatch(event.etag)
    const call = { operation: 'deleteEvent', effect: 'idempotent', reference } as const
    return await this.#operations.perform(call, options, async () => {
      try {
        await this.#api.send(call, { method: 'DELETE', url, query, headers })
        return { deleted: true }
      } catch (error) {
        if (CalendarError.isInstance(error) && error.code === 'not_found') return { deleted: false }
        throw error
      }
    })
  }

  async #read(call: Operation, url: string): Promise<calendar_v3.Schema$Event> {
    return await this.#api.json<calendar_v3.Schema$Event>(call, { method: 'GET', url })
  }
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

/** This content has made nothing; an earlier request of the key made the event. */
function otherContent({ operation, reference }: Operation, conflict: CalendarError): CalendarError {
  const { status, reason, outcome } = conflict
  const message = `calendar.${operation} failed: the event of this key was created with other content; read it, and change it with updateEvent`
  const init = { operation, reference, status, reason, outcome, cause: conflict }
  return new CalendarError(message, { ...init, code: 'idempotency_conflict' })
}

function expectEvent(
  operation: string,
  event: unknown,
  known: readonly string[],
  options: IoOptions | undefined,
): void {
  expectObject('event', event)
  expectOptions(event, known, `calendar.${operation}`)
  expectOptions(options, IO_OPTIONS, `calendar.${operation}`)
}

function eventPath(place: EventPlace): string {
  expectText('id', place.id, 1_024)
  // A dot segment would leave the path; no id of Google's is one.
  if (/^\.+$/.test(place.id)) throw new TypeError('Expected id to be the id of an event')
  return `${eventsPath(place.calendarId)}/${encodeURIComponent(place.id)}`
}

function ifMatch(etag: string | undefined): Record<string, string> {
  if (etag === undefined) return {}
  if (/^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(etag)) return { 'if-match': etag }
  throw new TypeError('Expected etag to be the etag of an event, quotes included')
}

function notifyQuery(notify: Notify = 'none'): Record<string, string> {
  expectOneOf('notify', notify, ['all', 'externalOnly', 'none'])
  return notify === 'none' ? {} : { sendUpdates: notify }
}
