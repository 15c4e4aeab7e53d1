import type { calendar_v3 } from '@googleapis/calendar'
import { Cancelled, IoError, TimeoutError } from '@yuzuru/concurrency'
import type { AccountApi } from '../accounts/account-api.ts'
import { CalendarError, type CalendarErrorCode } from '../calendar-error.ts'
import { isResource } from '../wire/answer-shape.ts'
import type { Operation } from '../wire/operations.ts'
import { calendarEvent } from './calendar-event.ts'
import {
  changeQuery,
  type EventPlace,
  eventPath,
  eventsPath,
  ifMatch,
  type Notify,
} from './event-place.ts'

type Native = calendar_v3.Schema$Event

/** A change of one event, on the condition that it is still the one of `etag`. */
export interface Patch {
  readonly place: EventPlace
  readonly etag: string | null | undefined
  readonly notify: Notify | undefined
  readonly body: Native
}

/** The requests of which the verbs on events are made, within one operation each. */
export class EventRequests {
  readonly #api: AccountApi

  constructor(api: AccountApi) {
    this.#api = api
  }

  async read(call: Operation, place: EventPlace): Promise<Native> {
    const request = { method: 'GET', url: eventPath(place) }
    return await this.#api.json<Native>(call, request, isResource)
  }

  /** @throws {CalendarError} `not_found` unless the account can see events of the calendar */
  async expectCalendar(call: Operation, calendarId: string | undefined): Promise<void> {
    const query = { maxResults: 1 }
    await this.#api.json(call, { method: 'GET', url: eventsPath(calendarId), query })
  }

  /** @throws {CalendarError} `conflict`, with the event as it stands, when it is another one by now */
  async patch(call: Operation, patch: Patch): Promise<Native> {
    return await this.#write(call, 'PATCH', patch)
  }

  /** Puts what is sent in the place of all that the event said. @throws {CalendarError} as `patch` */
  async replace(call: Operation, patch: Patch): Promise<Native> {
    return await this.#write(call, 'PUT', patch)
  }

  async #write(
    call: Operation,
    method: 'PATCH' | 'PUT',
    { place, etag, notify, body }: Patch,
  ): Promise<Native> {
    const request = {
      method,
      url: eventPath(place),
      query: changeQuery(notify, body),
      headers: ifMatch(etag),
      json: body,
    }
    return await this.conditional(call, place, () =>
      this.#api.json<Native>(call, request, isResource),
    )
  }

  /** Does what has a condition; when it does not hold, reads the event as it stands. */
  async conditional<T>(call: Operation, place: EventPlace, fn: () => Promise<T>): Promise<T> {
    try {
      return await fn()
    } catch (error) {
      if (!isConflict(error)) throw error
      throw conflictOf(call, error, await this.#orUndefined(call, place))
    }
  }

  /** What stands there, if it can be read: that the condition did not hold is known either way. */
  async #orUndefined(call: Operation, place: EventPlace): Promise<Native | undefined> {
    try {
      return await this.read(call, place)
    } catch (error) {
      if (Cancelled.isInstance(error) || TimeoutError.isInstance(error)) throw error
      if (IoError.isInstance(error)) return undefined
      throw error
    }
  }
}

export function isConflict(error: unknown): error is CalendarError {
  return CalendarError.isInstance(error) && error.code === 'conflict'
}

/** The event is another one by now, and nothing was changed. */
export function conflictOf(
  call: Operation,
  cause: CalendarError | undefined,
  current: Native | undefined,
): CalendarError {
  const message = `calendar.${call.operation} failed: the event was changed meanwhile; look at \`current\`, and repeat with its etag`
  return withCurrent(call, 'conflict', message, cause, current)
}

/** An error that has the event as it stands. */
export function withCurrent(
  { operation, reference }: Operation,
  code: CalendarErrorCode,
  message: string,
  cause: CalendarError | undefined,
  current: Native | undefined,
): CalendarError {
  const { status, reason, outcome = 'none' } = cause ?? {}
  const event = current === undefined ? undefined : calendarEvent(current)
  const init = { operation, reference, code, status, reason, outcome, cause, current: event }
  return new CalendarError(message, init)
}
