import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import { expectObject, expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { expectReference } from '../reference.ts'
import { CALENDAR_EVENT, type CalendarEvent, calendarEvent } from './calendar-event.ts'
import { eventPath, type EventPlace, eventsPath, type InCalendar } from './event-place.ts'
import { type EventTime, isPlainDate } from './event-time.ts'
import { expectPageSize, expectRange, type PageQuery, type Pages, timeOf } from './pages.ts'

/** Which events {@link CalendarEvents.list} lists. */
export interface ListQuery extends InCalendar {
  /** Events that end after this moment. */
  readonly from?: Date | undefined
  /** Events that begin before this moment. */
  readonly to?: Date | undefined
  /** Events that were changed since then, deleted ones too. Of longer than about 20 days ago: `full_sync_required`. */
  readonly updatedSince?: Date | undefined
  /** Each occurrence of a recurring event by itself, in the order of their starts. @default false */
  readonly expandRecurring?: boolean | undefined
  /** How many are fetched at once: 1 to 2,500. @default 250 */
  readonly pageSize?: number | undefined
}

/** Which occurrences of a series {@link CalendarEvents.instances} lists. */
export interface InstancesQuery extends EventPlace {
  /** Occurrences that end after this moment. */
  readonly from?: Date | undefined
  /** Occurrences that begin before this moment. A series without an end has none left after some years. */
  readonly to?: Date | undefined
  /** The one that begins then by the rule, wherever it was moved to. */
  readonly originalStart?: EventTime | undefined
  /** Those that were deleted as well, as `status: 'cancelled'`. @default false */
  readonly deleted?: boolean | undefined
  /** How many are fetched at once: 1 to 2,500. @default 250 */
  readonly pageSize?: number | undefined
}

const LIST_QUERY = Object.keys({
  calendarId: true,
  from: true,
  to: true,
  updatedSince: true,
  expandRecurring: true,
  pageSize: true,
} satisfies Record<keyof ListQuery, true>)

// A series as it was read may be handed over as a whole; `originalStart` of an occurrence is in it.
const INSTANCES_QUERY = [
  ...CALENDAR_EVENT,
  ...Object.keys({
    id: true,
    calendarId: true,
    from: true,
    to: true,
    originalStart: true,
    deleted: true,
    pageSize: true,
  } satisfies Record<keyof InstancesQuery, true>),
]

/** The lists of a calendar's events. */
export class EventLists {
  readonly #pages: Pages

  constructor(pages: Pages) {
    this.#pages = pages
  }

  /** Throws at the call, not only when the loop begins. */
  list(
    reference: string,
    query: ListQuery = {},
    options?: IoOptions,
  ): AsyncIterable<CalendarEvent> {
    expectCall('events.list', reference, query, LIST_QUERY, options)
    const { from, to, updatedSince, expandRecurring = false, pageSize, calendarId } = query
    expectRange(from, to)
    const asked = {
      timeMin: timeOf('from', from),
      timeMax: timeOf('to', to),
      updatedMin: timeOf('updatedSince', updatedSince),
      ...(expandRecurring ? { singleEvents: true, orderBy: 'startTime' } : {}),
      maxResults: expectPageSize(pageSize),
    }
    return this.#events('events.list', reference, eventsPath(calendarId), asked, options)
  }

  /** Throws at the call, not only when the loop begins. */
  instances(
    reference: string,
    query: InstancesQuery,
    options?: IoOptions,
  ): AsyncIterable<CalendarEvent> {
    expectCall('events.instances', reference, query, INSTANCES_QUERY, options)
    const { from, to, originalStart, deleted = false, pageSize } = query
    expectRange(from, to)
    const asked = {
      timeMin: timeOf('from', from),
      timeMax: timeOf('to', to),
      originalStart: originalStartOf(originalStart),
      ...(deleted ? { showDeleted: true } : {}),
      maxResults: expectPageSize(pageSize),
    }
    const url = `${eventPath(query)}/instances`
    return this.#events('events.instances', reference, url, asked, options)
  }

  async *#events(
    operation: string,
    reference: string,
    url: string,
    asked: PageQuery,
    options: IoOptions | undefined,
  ): AsyncGenerator<CalendarEvent, void, undefined> {
    const call = { operation, reference, effect: 'read' } as const
    for await (const { items = [] } of this.#pages.of<calendar_v3.Schema$Events>(
      call,
      url,
      asked,
      options,
    )) {
      yield* items.map((native) => calendarEvent(native))
    }
  }
}

function expectCall(
  operation: string,
  reference: string,
  query: object,
  known: readonly string[],
  options: IoOptions | undefined,
): void {
  expectReference(reference)
  expectObject('query', query)
  expectOptions(query, known, `calendar.${operation}`)
  expectOptions(options, IO_OPTIONS, `calendar.${operation}`)
}

function originalStartOf(time: EventTime | undefined): string | undefined {
  if (time === undefined || time instanceof Date) return timeOf('originalStart', time)
  if (isPlainDate(time)) return time
  throw new TypeError("Expected originalStart to be a Date, or a day such as '2026-04-01'")
}
