/*
 * The life of a sync, from the first page to the next token:
 *
 * 1. `syncEvents` checks its arguments at the call. Nothing is sent before the loop asks for a page.
 * 2. Each page is one call, inside `io()` (operations.ts): a cancel or a deadline meets it there, and
 *    `timeoutMs` holds for each page.
 * 3. The account's tokens are loaded; an access token that is due is replaced first (credentials.ts).
 * 4. The page is asked for with the sync token (account-api.ts). A 401 replaces the access token, once.
 * 5. The loop gets its changes. Between two pages nothing is open: a loop that breaks leaves nothing.
 * 6. Only the last page has `nextSyncToken`. Keep it together with the changes that were applied: if the
 *    process dies before, the same changes come again.
 * 7. A 410 means that the token has expired. A page with `reset: true` says so, and everything comes anew.
 *
 * A sync reads, so the outcome of whatever ends it is `none`: rule 20 of docs/semantics.md.
 */
import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import {
  expected,
  expectInteger,
  expectObject,
  expectOptions,
  expectText,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import type { AccountApi } from '../accounts/account-api.ts'
import { CalendarError } from '../calendar-error.ts'
import { type EventTime, eventTime } from './event-time.ts'
import { type CalendarEvent, calendarEvent } from './calendar-event.ts'
import { expectReference } from '../reference.ts'
import { eventsPath, type InCalendar } from './event-calls.ts'
import type { Operation, Operations } from '../wire/operations.ts'

/** Which events {@link Calendar.listEvents} lists. */
export interface ListQuery extends InCalendar {
  /** Events that end after this moment. */
  readonly from?: Date | undefined
  /** Events that begin before this moment. */
  readonly to?: Date | undefined
  /** Events that were changed since then, deleted ones too. */
  readonly updatedSince?: Date | undefined
  /** Each occurrence of a recurring event by itself, in the order of their starts. @default false */
  readonly expandRecurring?: boolean | undefined
  /** How many are fetched at once: 1 to 2,500. @default 250 */
  readonly pageSize?: number | undefined
}

/** Where {@link Calendar.syncEvents} begins. */
export interface SyncQuery extends InCalendar {
  /** From the last sync. Without one, everything comes. */
  readonly syncToken?: string | undefined
  /** How many are fetched at once: 1 to 2,500. @default 250 */
  readonly pageSize?: number | undefined
}

/** What happened to one event since the last sync. */
export type EventChange =
  | { readonly type: 'changed'; readonly id: string; readonly event: CalendarEvent }
  | { readonly type: 'deleted'; readonly id: string }
  | {
      /** One occurrence of a series does not take place; the series goes on. Keep this as long as the series. */
      readonly type: 'occurrence-cancelled'
      readonly id: string
      readonly seriesId: string
      /** When it would have begun by the rule of its series, wherever it had been moved to. */
      readonly originalStart: EventTime | undefined
    }

/** One page of a sync. */
export interface SyncPage {
  /**
   * True: the token was no longer valid, and everything comes anew. Drop what you have of this calendar, so
   * that what was deleted meanwhile does not stay. Such a page comes first, and has no changes.
   */
  readonly reset: boolean
  readonly changes: readonly EventChange[]
  /** On the last page: keep it for the next sync, once the changes of all pages are applied. */
  readonly nextSyncToken: string | undefined
}

/** The names of what each list takes. */
const QUERIES: Readonly<Record<'listEvents' | 'syncEvents', readonly string[]>> = {
  listEvents: Object.keys({
    calendarId: true,
    from: true,
    to: true,
    updatedSince: true,
    expandRecurring: true,
    pageSize: true,
  } satisfies Record<keyof ListQuery, true>),
  syncEvents: Object.keys({
    calendarId: true,
    syncToken: true,
    pageSize: true,
  } satisfies Record<keyof SyncQuery, true>),
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** The lists of a calendar's events. */
export class EventLists {
  readonly #api: AccountApi
  readonly #operations: Operations

  constructor(api: AccountApi, operations: Operations) {
    this.#api = api
    this.#operations = operations
  }

  async *list(
    reference: string,
    query: ListQuery = {},
    options?: IoOptions,
  ): AsyncGenerator<CalendarEvent, void, undefined> {
    const { from, to, updatedSince, expandRecurring = false, pageSize, calendarId } = query
    const asked = {
      timeMin: timeOf('from', from),
      timeMax: timeOf('to', to),
      updatedMin: timeOf('updatedSince', updatedSince),
      ...(expandRecurring ? { singleEvents: true, orderBy: 'startTime' } : {}),
      maxResults: expectPageSize(pageSize),
    }
    const call = { operation: 'listEvents', reference, effect: 'read' } as const
    for await (const { items = [] } of this.#pages(call, calendarId, asked, options)) {
      yield* items.map((native) => calendarEvent(native))
    }
  }

  async *sync(
    reference: string,
    query: SyncQuery = {},
    options?: IoOptions,
  ): AsyncGenerator<SyncPage, void, undefined> {
    const { syncToken } = query
    try {
      yield* this.#syncFrom(reference, query, options)
      return
    } catch (error) {
      // Without a token there is nothing to begin again from.
      const isOver = CalendarError.isInstance(error) && error.code === 'full_sync_required'
      if (!isOver || syncToken === undefined) throw error
    }
    yield { reset: true, changes: [], nextSyncToken: undefined }
    yield* this.#syncFrom(reference, { ...query, syncToken: undefined }, options)
  }

  async *#syncFrom(
    reference: string,
    { syncToken, pageSize, calendarId }: SyncQuery,
    options: IoOptions | undefined,
  ): AsyncGenerator<SyncPage, void, undefined> {
    const asked = { syncToken, maxResults: expectPageSize(pageSize) }
    const call = { operation: 'syncEvents', reference, effect: 'read' } as const
    const pages = this.#pages(call, calendarId, asked, options)
    for await (const { items = [], nextPageToken, nextSyncToken } of pages) {
      const changes = items.map((native) => eventChange(native))
      // Only the last page's token stands for all of them.
      const isLast = nextPageToken === undefined || nextPageToken === null
      yield {
        reset: false,
        changes,
        nextSyncToken: isLast ? (nextSyncToken ?? undefined) : undefined,
      }
    }
  }

  /** Each page is asked for when the one before has been taken; nothing is open in between. */
  async *#pages(
    call: Operation,
    calendarId: string | undefined,
    query: Query,
    options: IoOptions | undefined,
  ): AsyncGenerator<calendar_v3.Schema$Events, void, undefined> {
    const url = eventsPath(calendarId)
    let pageToken: string | undefined
    do {
      const request = { method: 'GET', url, query: { ...query, pageToken } }
      const page = await this.#operations.perform(call, options, () =>
        this.#api.json<calendar_v3.Schema$Events>(call, request),
      )
      yield page
      pageToken = page.nextPageToken ?? undefined
    } while (pageToken !== undefined)
  }
}

/** Throws unless reference, query and options are valid: at the call, not only when the loop begins. */
export function expectListCall(
  operation: keyof typeof QUERIES,
  reference: string,
  query: ListQuery & SyncQuery = {},
  options?: IoOptions,
): void {
  expectReference(reference)
  expectObject('query', query)
  expectOptions(query, QUERIES[operation], `calendar.${operation}`)
  expectOptions(options, IO_OPTIONS, `calendar.${operation}`)
  eventsPath(query.calendarId)
  expectPageSize(query.pageSize)
  timeOf('from', query.from)
  timeOf('to', query.to)
  timeOf('updatedSince', query.updatedSince)
  if (query.syncToken !== undefined) expectText('syncToken', query.syncToken, 4_096)
  if (query.from && query.to && query.to <= query.from) {
    throw new TypeError('Expected to to be after from')
  }
}

function eventChange(native: calendar_v3.Schema$Event): EventChange {
  const event = calendarEvent(native)
  const { id } = event
  if (event.status !== 'cancelled') return { type: 'changed', id, event }
  const { recurringEventId, originalStartTime } = native
  if (typeof recurringEventId !== 'string') return { type: 'deleted', id }
  const originalStart = eventTime(originalStartTime)
  return { type: 'occurrence-cancelled', id, seriesId: recurringEventId, originalStart }
}

function timeOf(name: string, time: Date | undefined): string | undefined {
  if (time === undefined) return undefined
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.toISOString()
  throw expected(`${name} to be a valid Date`, time)
}

function expectPageSize(pageSize: number = 250): number {
  expectInteger('pageSize', pageSize, 1, 2_500)
  return pageSize
}
