/*
 * The life of a sync, from the first page to the next cursor:
 *
 * 1. `sync` checks its arguments at the call. Nothing is sent before the loop asks for a page.
 * 2. Each page is one call, inside `io()` (operations.ts): a cancel or a deadline meets it there, and
 *    `timeoutMs` holds for each page.
 * 3. The account's tokens are loaded; an access token that is due is replaced first (credentials.ts).
 * 4. The page is asked for with the cursor (account-api.ts). A 401 replaces the access token, once.
 * 5. The loop gets its changes. Between two pages nothing is open: a loop that breaks leaves nothing.
 * 6. Only the last page has `nextCursor`. Keep it together with the changes that were applied: if the
 *    process dies before, the same changes come again.
 * 7. A 410 means that the cursor has expired. A page with `reset: true` says so, and everything comes anew.
 *
 * A sync reads, so the outcome of whatever ends it is `none`: rule 20 of docs/semantics.md.
 */
import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import { expectObject, expectOptions, expectText, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { CalendarError } from '../calendar-error.ts'
import { expectReference } from '../reference.ts'
import { type CalendarEvent, calendarEvent } from './calendar-event.ts'
import { eventsPath, type InCalendar } from './event-place.ts'
import type { EventTime } from './event-time.ts'
import { expectPageSize, type Pages } from './pages.ts'

/** Where {@link Calendar.sync} begins. */
export interface SyncQuery extends InCalendar {
  /**
   * `nextCursor` of the last sync of this calendar. Without one everything comes, and nothing is said of what was
   * deleted: begin with an empty copy, also where an earlier first sync was cut short.
   */
  readonly cursor?: string | undefined
  /** How many are fetched at once: 1 to 2,500. @default 250 */
  readonly pageSize?: number | undefined
}

/** What happened to one event since the last sync. */
export type EventChange =
  | { readonly type: 'changed'; readonly id: string; readonly event: CalendarEvent }
  /** A series that is deleted takes its occurrences with it, also those that had been changed. */
  | { readonly type: 'deleted'; readonly id: string }
  | {
      /**
       * One occurrence of a series does not take place; the series goes on. Keep this as long as the series. It comes
       * without one where the account was a guest of that occurrence alone.
       */
      readonly type: 'occurrence-cancelled'
      readonly id: string
      readonly seriesId: string
      /** When it would have begun by the rule of its series, wherever it had been moved to. */
      readonly originalStart: EventTime | undefined
    }

/** One page of a sync. */
export interface SyncPage {
  /**
   * True: the cursor was no longer valid, and everything comes anew. Drop what you have of this calendar, so
   * that what was deleted meanwhile does not stay. Such a page comes first, and has no changes.
   */
  readonly reset: boolean
  readonly changes: readonly EventChange[]
  /** On the last page: keep it for the next sync, once the changes of all pages are applied. */
  readonly nextCursor: string | undefined
}

const SYNC_QUERY = Object.keys({
  calendarId: true,
  cursor: true,
  pageSize: true,
} satisfies Record<keyof SyncQuery, true>)

/** What has changed in a calendar. */
export class Sync {
  readonly #pages: Pages

  constructor(pages: Pages) {
    this.#pages = pages
  }

  /** Throws at the call, not only when the loop begins. */
  of(reference: string, query: SyncQuery = {}, options?: IoOptions): AsyncIterable<SyncPage> {
    expectReference(reference)
    expectObject('query', query)
    expectOptions(query, SYNC_QUERY, 'calendar.sync')
    expectOptions(options, IO_OPTIONS, 'calendar.sync')
    eventsPath(query.calendarId)
    expectPageSize(query.pageSize)
    if (query.cursor !== undefined) expectText('cursor', query.cursor, 4_096)
    return this.#orAnew(reference, query, options)
  }

  async *#orAnew(
    reference: string,
    query: SyncQuery,
    options: IoOptions | undefined,
  ): AsyncGenerator<SyncPage, void, undefined> {
    try {
      yield* this.#from(reference, query, options)
      return
    } catch (error) {
      // Without a cursor there is nothing to begin again from.
      const isOver = CalendarError.isInstance(error) && error.code === 'full_sync_required'
      if (!isOver || query.cursor === undefined) throw error
    }
    yield { reset: true, changes: [], nextCursor: undefined }
    yield* this.#from(reference, { ...query, cursor: undefined }, options)
  }

  async *#from(
    reference: string,
    { cursor, pageSize, calendarId }: SyncQuery,
    options: IoOptions | undefined,
  ): AsyncGenerator<SyncPage, void, undefined> {
    const asked = { syncToken: cursor, maxResults: expectPageSize(pageSize) }
    const call = { operation: 'sync', reference, effect: 'read' } as const
    const url = eventsPath(calendarId)
    const pages = this.#pages.of<calendar_v3.Schema$Events>(call, url, asked, options)
    for await (const { items = [], nextPageToken, nextSyncToken } of pages) {
      const changes = items.map((native) => eventChange(native))
      // Only the last page's token stands for all of them.
      const isLast = nextPageToken === undefined || nextPageToken === null
      if (isLast && typeof nextSyncToken !== 'string') throw noCursor(reference)
      yield {
        reset: false,
        changes,
        nextCursor: isLast ? (nextSyncToken ?? undefined) : undefined,
      }
    }
  }
}

function eventChange(native: calendar_v3.Schema$Event): EventChange {
  const event = calendarEvent(native)
  const { id, seriesId, originalStart } = event
  if (event.status !== 'cancelled') return { type: 'changed', id, event }
  if (seriesId === undefined) return { type: 'deleted', id }
  return { type: 'occurrence-cancelled', id, seriesId, originalStart }
}

/** Without one the next sync would bring everything, and nothing of what was deleted. */
function noCursor(reference: string): CalendarError {
  const message = 'calendar.sync failed: the last page of the answer has no cursor'
  const init = { operation: 'sync', reference, code: 'unexpected', outcome: 'none' } as const
  return new CalendarError(message, init)
}
