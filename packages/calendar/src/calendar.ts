import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { CalendarEvent } from './calendar-event.ts'
import type { Connection, ConsentAnswer, ConsentRequest } from './consent.ts'
import type {
  CreatedEvent,
  EventPlace,
  EventVersion,
  NewEvent,
  UpdatedEvent,
} from './event-calls.ts'
import type { ListQuery, SyncPage, SyncQuery } from './event-lists.ts'

/**
 * Google Calendar for many accounts, each under a `reference` of your own. See `createCalendar`.
 *
 * Every call throws a `TypeError` for wrong arguments, before anything is sent; a `CalendarError` (see its
 * `code`s); and, as the scope around it has it, a `TimeoutError` or `Cancelled`. Each of the latter says
 * whether the effect may have happened (`outcome`).
 */
export interface Calendar extends AsyncDisposable {
  /**
   * Where to send the person to allow the app into the calendar. The state and the PKCE verifier are
   * kept in the store for an hour.
   */
  authorizationUrl(request: ConsentRequest, options?: IoOptions): Promise<string>
  /**
   * Redeems the callback and stores the account's tokens in place of any that were there. Each `state`
   * works once, for the reference that it was made for.
   *
   * @throws {CalendarError} `invalid_state`, `consent_refused`, `reauthorization_required` (the code is
   * not or no longer valid)
   */
  connect(answer: ConsentAnswer, options?: IoOptions): Promise<Connection>
  /**
   * Revokes the account's consent at Google, then forgets its tokens. When Google can't be reached
   * nothing is forgotten. `disconnected` is false when there was nothing.
   */
  disconnect(reference: string, options?: IoOptions): Promise<{ readonly disconnected: boolean }>
  /**
   * Creates an event under an id that we choose, so a repeat never makes a second one: when the id is
   * there already, the event is read and returned with `created: false`.
   *
   * @throws {CalendarError} `already_exists` when the event of that id was deleted
   */
  createEvent(reference: string, event: NewEvent, options?: IoOptions): Promise<CreatedEvent>
  /** Reads an event. A deleted one may still be there, as `status: 'cancelled'`. */
  getEvent(reference: string, event: EventPlace, options?: IoOptions): Promise<CalendarEvent>
  /**
   * Changes what is given and leaves the rest.
   *
   * @throws {CalendarError} `conflict` when the event is no longer the one of `etag`
   */
  updateEvent(reference: string, event: UpdatedEvent, options?: IoOptions): Promise<CalendarEvent>
  /**
   * Deletes an event. `deleted` is false when it was gone already, maybe by an attempt of this very call
   * whose answer was lost.
   *
   * @throws {CalendarError} `conflict` when the event is no longer the one of `etag`
   */
  deleteEvent(
    reference: string,
    event: EventVersion,
    options?: IoOptions,
  ): Promise<{ readonly deleted: boolean }>
  /**
   * The events, page by page as the loop goes on; `options.timeoutMs` is for each page. A loop that breaks
   * leaves nothing open.
   *
   * @example
   * for await (const { summary, start } of calendar.listEvents('staff-3', { from: new Date() })) {
   *   console.log(summary, start)
   * }
   */
  listEvents(
    reference: string,
    query?: ListQuery,
    options?: IoOptions,
  ): AsyncIterable<CalendarEvent>
  /**
   * What has changed since a sync token, page by page; the last page has the next token. Store that
   * together with the changes, once all of them are applied: what was not stored comes again.
   *
   * @throws {CalendarError} `full_sync_required` when the token is no longer valid: sync again without one
   * @example
   * for await (const { changes, nextSyncToken } of calendar.syncEvents(reference, { syncToken })) {
   *   await apply(changes, nextSyncToken)
   * }
   */
  syncEvents(reference: string, query?: SyncQuery, options?: IoOptions): AsyncIterable<SyncPage>
  /**
   * Google's own client, bound to one account. Its calls go over the same transport, with the same
   * tokens, obey the scope around the caller, and fail with a `CalendarError`.
   *
   * @throws {TypeError} unless `reference` has 1 to 200 characters
   */
  client(reference: string): calendar_v3.Calendar
  /**
   * Takes no more calls, lets those under way end, cuts off what is left after `drainMs` (10 s by
   * default), waits until each refresh under way is stored, and closes the connections. A `client` that
   * was passed in is left open.
   *
   * @throws {TypeError} unless `drainMs` is a number of milliseconds from 0 up
   */
  close(options?: CloseOptions): Promise<void>
}
