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
import { expectReference } from '../reference.ts'
import { isResource } from '../wire/answer-shape.ts'
import type { Operations } from '../wire/operations.ts'
import { CALENDAR_EVENT, type CalendarEvent, calendarEvent } from './calendar-event.ts'
import {
  type CreatedEvent,
  createEvent,
  creationOf,
  NEW_EVENT,
  type NewEvent,
} from './create-event.ts'
import {
  changeQuery,
  eventPath,
  type EventPlace,
  type EventVersion,
  ifMatch,
} from './event-place.ts'
import { EventRequests } from './event-requests.ts'
import { respondTo, RESPONSE, type EventResponse } from './respond.ts'
import { UPDATED_EVENT, updateEvent, updateOf, type UpdatedEvent } from './update-event.ts'

/** An event, and the calendar of the same account that it moves into. */
export interface MovedEvent extends EventVersion {
  /** The id of the other calendar. */
  readonly to: string
}

// An event as it was read says which one is meant, so it may be handed over as a whole.
const EVENT_PLACE = [...CALENDAR_EVENT, 'calendarId']
const EVENT_VERSION = [...EVENT_PLACE, 'notify']
const MOVED_EVENT = [...EVENT_VERSION, 'to']

/** The calls on one event. */
export class EventCalls {
  readonly #api: AccountApi
  readonly #operations: Operations
  readonly #requests: EventRequests

  constructor(api: AccountApi, operations: Operations) {
    this.#api = api
    this.#operations = operations
    this.#requests = new EventRequests(api)
  }

  async create(reference: string, event: NewEvent, options?: IoOptions): Promise<CreatedEvent> {
    expectReference(reference)
    expectEvent('events.create', event, NEW_EVENT, options)
    const creation = creationOf(reference, event)
    const call = { operation: 'events.create', effect: 'idempotent', reference } as const
    return await this.#operations.perform(call, options, () =>
      createEvent(call, this.#api, this.#requests, creation),
    )
  }

  async get(reference: string, place: EventPlace, options?: IoOptions): Promise<CalendarEvent> {
    expectReference(reference)
    expectEvent('events.get', place, EVENT_PLACE, options)
    eventPath(place)
    const call = { operation: 'events.get', effect: 'read', reference } as const
    return await this.#operations.perform(call, options, async () =>
      calendarEvent(await this.#requests.read(call, place)),
    )
  }

  async update(
    reference: string,
    event: UpdatedEvent,
    options?: IoOptions,
  ): Promise<CalendarEvent> {
    expectReference(reference)
    expectEvent('events.update', event, UPDATED_EVENT, options)
    const update = updateOf(event)
    const call = { operation: 'events.update', effect: 'write', reference } as const
    return await this.#operations.perform(call, options, async () =>
      calendarEvent(await updateEvent(call, this.#requests, update)),
    )
  }

  async move(reference: string, event: MovedEvent, options?: IoOptions): Promise<CalendarEvent> {
    expectReference(reference)
    expectEvent('events.move', event, MOVED_EVENT, options)
    const url = `${eventPath(event)}/move`
    expectText('to', event.to, 1_024)
    const query = { ...changeQuery(event.notify), destination: event.to }
    const headers = ifMatch(event.etag)
    const call = { operation: 'events.move', effect: 'write', reference } as const
    return await this.#operations.perform(call, options, async () => {
      const request = { method: 'POST', url, query, headers }
      const native = await this.#requests.conditional(call, event, () =>
        this.#api.json<calendar_v3.Schema$Event>(call, request, isResource),
      )
      return calendarEvent(native)
    })
  }

  async delete(
    reference: string,
    event: EventVersion,
    options?: IoOptions,
  ): Promise<{ readonly deleted: boolean }> {
    expectReference(reference)
    expectEvent('events.delete', event, EVENT_VERSION, options)
    const url = eventPath(event)
    const query = changeQuery(event.notify)
    const headers = ifMatch(event.etag)
    const call = { operation: 'events.delete', effect: 'idempotent', reference } as const
    return await this.#operations.perform(call, options, async () => {
      try {
        await this.#requests.conditional(call, event, () =>
          this.#api.send(call, { method: 'DELETE', url, query, headers }),
        )
        return { deleted: true }
      } catch (error) {
        if (!CalendarError.isInstance(error)) throw error
        const isGone = error.code === 'not_found' || error.current?.status === 'cancelled'
        if (!isGone) throw error
        // Google says the same of an event that never was and of a calendar that is not there.
        if (error.status === 404) await this.#requests.expectCalendar(call, event.calendarId)
        return { deleted: false }
      }
    })
  }

  async respond(
    reference: string,
    answer: EventResponse,
    options?: IoOptions,
  ): Promise<CalendarEvent> {
    expectReference(reference)
    expectEvent('events.respond', answer, [...EVENT_VERSION, ...RESPONSE], options)
    eventPath(answer)
    ifMatch(answer.etag)
    changeQuery(answer.notify)
    expectOneOf('response', answer.response, ['accepted', 'declined', 'tentative'])
    if (answer.comment !== undefined) expectText('comment', answer.comment, 1_000)
    const call = { operation: 'events.respond', effect: 'idempotent', reference } as const
    return await this.#operations.perform(call, options, async () =>
      calendarEvent(await respondTo(call, this.#requests, answer)),
    )
  }
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
