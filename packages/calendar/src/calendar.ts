import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { CalendarEvent } from './events/calendar-event.ts'
import type { CalendarAccount } from './accounts/account.ts'
import type { Connection, ConsentAnswer, ConsentRequest } from './accounts/consent.ts'
import type {
  CreatedEvent,
  EventPlace,
  EventVersion,
  NewEvent,
  UpdatedEvent,
} from './events/event-calls.ts'
import type { ListQuery, SyncPage, SyncQuery } from './events/event-lists.ts'

/**
 * Google Calendar for many accounts, each under a `reference` of your own. See `createCalendar`.
 *
 * Every call throws a `TypeError` for wrong arguments, before anything is sent; a `CalendarError` with a
 * `code`; `TimeoutError` when its `timeoutMs` has passed; and `Cancelled` when the scope around it is
 * cancelled. The last three say whether the effect may have happened (`outcome`).
 */
export interface Calendar extends AsyncDisposable {
  /**
   * Makes the URL at which a person allows the app to use their calendar
   * (https://developers.google.com/identity/protocols/oauth2/web-server). The state and the PKCE verifier
   * (RFC 7636) are kept in the store for an hour.
   *
   * @example
   * const url = await calendar.authorizationUrl({ reference: staffId })
   */
  authorizationUrl(request: ConsentRequest, options?: IoOptions): Promise<string>
  /**
   * Redeems the callback and stores the account's tokens in place of any that were there. Each `state`
   * works once, for the reference that it was made for.
   *
   * @throws {CalendarError} `invalid_state`, `consent_refused`, `reconnect_required` (the code is not
   *   valid, or no longer)
   * @example
   * await calendar.connect({ reference: staffId, state: query.state, code: query.code })
   */
  connect(answer: ConsentAnswer, options?: IoOptions): Promise<Connection>
  /**
   * Tells how an account stands: connected, or to be connected again. It reads the store and asks Google
   * nothing: that a person took the consent back shows at the next call that needs a token. From then on
   * every call fails with `reconnect_required`, without asking Google, until the account connects again.
   *
   * @throws {CalendarError} `not_connected`
   * @example
   * const { state } = await calendar.account(staffId)
   * if (state === 'reconnect_required') askAgain()
   */
  account(reference: string, options?: IoOptions): Promise<CalendarAccount>
  /**
   * Revokes the account's consent at Google, then deletes its tokens. When Google can't be reached the tokens
   * stay, so that it can be tried again. `disconnected` is false when the reference was not connected.
   *
   * @throws {CalendarError} when Google can't be reached or refuses
   */
  disconnect(reference: string, options?: IoOptions): Promise<{ readonly disconnected: boolean }>
  /**
   * Creates an event. Its id is made from `idempotencyKey` (or given, or random), so a repeat with the same
   * key never makes a second event: it reads the existing one and returns it with `created: false`. What was
   * asked for is kept as a digest in a private property of the event, so that a key that is used again for
   * something else is noticed; what persons have changed since does not count.
   *
   * Not within a database transaction: enqueue a job there, and create the event in the job.
   *
   * @throws {CalendarError} `idempotency_conflict` when the event of that key was created
   *   with other content; `already_exists` when it was deleted, unless `ifDeleted` is `'restore'`; `not_connected`,
   *   `reconnect_required`, `forbidden`, `rate_limited` …
   * @example
   * const { event, created } = await calendar.createEvent(staffId, {
   *   idempotencyKey: `meeting:${planId}`, summary: '支援会議', start, end,
   * })
   */
  createEvent(reference: string, event: NewEvent, options?: IoOptions): Promise<CreatedEvent>
  /**
   * Reads an event. A deleted one may still be there, as `status: 'cancelled'`.
   *
   * @throws {CalendarError} `not_found`, `not_connected` …
   */
  getEvent(reference: string, event: EventPlace, options?: IoOptions): Promise<CalendarEvent>
  /**
   * Changes the fields that are given and leaves the rest. Pass the `etag` that you have read, so that no
   * other change is overwritten.
   *
   * @throws {CalendarError} `conflict` when the event has another `etag` by now; `not_found`
   * @example
   * const { id, etag } = await calendar.getEvent(staffId, { id: planId })
   * await calendar.updateEvent(staffId, { id, etag, location: '会議室' })
   */
  updateEvent(reference: string, event: UpdatedEvent, options?: IoOptions): Promise<CalendarEvent>
  /**
   * Deletes an event. `deleted` is false when it was gone already, perhaps by an earlier attempt of the same
   * call whose answer was lost.
   *
   * @throws {CalendarError} `conflict` when the event has another `etag` by now
   */
  deleteEvent(
    reference: string,
    event: EventVersion,
    options?: IoOptions,
  ): Promise<{ readonly deleted: boolean }>
  /**
   * Iterates over the events of a time range, fetching a page when it is needed; `options.timeoutMs` is for
   * each page. A loop that breaks leaves nothing open. To keep a copy up to date use `syncEvents`.
   *
   * @throws {CalendarError} from the loop, when a page can't be read
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
   * Iterates over what has changed since a sync token, page by page; the last page has the next token
   * (https://developers.google.com/workspace/calendar/api/guides/sync). Store the token together with the
   * changes, once all of them are applied: what was not stored comes again.
   *
   * A token that is no longer valid is no error: a page with `reset: true` comes first, and then everything.
   *
   * @throws {CalendarError} from the loop, when a page can't be read
   * @example
   * for await (const { reset, changes, nextSyncToken } of calendar.syncEvents(reference, { syncToken })) {
   *   if (reset) await forget()
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
