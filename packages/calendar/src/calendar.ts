import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { CalendarAccount } from './accounts/account.ts'
import type { Connection, ConsentAnswer, ConsentRequest } from './accounts/consent.ts'
import type { Calendars } from './calendars/calendars.ts'
import type { CalendarEvents } from './events/events.ts'
import type { CalendarBusy, FreeBusyQuery } from './events/free-busy.ts'
import type { SyncPage, SyncQuery } from './events/sync.ts'
import type { Channel, NewChannel } from './watch/channel-calls.ts'

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
   * const url = await calendar.authorizeUrl({ reference: staffId })
   */
  authorizeUrl(request: ConsentRequest, options?: IoOptions): Promise<string>
  /**
   * Redeems the callback and stores the account's tokens in place of any that were there. Each `state`
   * works once, for the reference that it was made for.
   *
   * @throws {CalendarError} `invalid_state`, `consent_refused`, `reconnect_required` (the code is not
   *   valid, or no longer)
   * @example
   * await calendar.exchange({ reference: staffId, state: query.state, code: query.code })
   */
  exchange(answer: ConsentAnswer, options?: IoOptions): Promise<Connection>
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
   * stay, so that it can be tried again. `revoked` is false when the reference was not connected.
   *
   * @throws {CalendarError} when Google can't be reached or refuses
   */
  revoke(reference: string, options?: IoOptions): Promise<{ readonly revoked: boolean }>
  /** What is done with events. */
  readonly events: CalendarEvents
  /** What is done with calendars. */
  readonly calendars: Calendars
  /**
   * Iterates over what has changed since a cursor, page by page; the last page has the next one
   * (https://developers.google.com/workspace/calendar/api/guides/sync). Store it together with the
   * changes, once all of them are applied: what was not stored comes again. The least scope:
   * `calendar.events.owned.readonly`.
   *
   * A cursor that is no longer valid is no error: a page with `reset: true` comes first, and then everything.
   *
   * @throws {CalendarError} from the loop, when a page can't be read
   * @example
   * for await (const { reset, changes, nextCursor } of calendar.sync(reference, { cursor })) {
   *   if (reset) await forget()
   *   await apply(changes, nextCursor)
   * }
   */
  sync(reference: string, query?: SyncQuery, options?: IoOptions): AsyncIterable<SyncPage>
  /**
   * Looks when people have time, in calendars that the account may see. The least scope:
   * `calendar.events.freebusy`, or `calendar.freebusy` for calendars of others.
   *
   * @throws {CalendarError} `forbidden`, `rate_limited` … A calendar that Google says nothing about is no error:
   *   its `busy` is `undefined`, so that it is not taken for free
   * @example
   * const [mine] = await calendar.freeBusy(staffId, { from: start, to: end })
   * if (mine?.busy?.length === 0) await calendar.events.create(staffId, { summary: '会議', start, end })
   */
  freeBusy(
    reference: string,
    query: FreeBusyQuery,
    options?: IoOptions,
  ): Promise<readonly CalendarBusy[]>
  /**
   * Opens a channel over which Google tells of changes in a calendar, by requests without a body to `address`.
   * Some of them are lost, and the channel ends without a word: `createCalendarWatch` deals with both. The least
   * scope: `calendar.events.owned.readonly`.
   *
   * @throws {CalendarError} `not_found`, `invalid_request` (an id that was used before, a domain that is not
   *   allowed) …
   */
  watch(reference: string, channel: NewChannel, options?: IoOptions): Promise<Channel>
  /**
   * Closes a channel. `stopped` is false when it had ended already. The least scope:
   * `calendar.events.owned.readonly`.
   *
   * @throws {CalendarError} when Google can't be reached or refuses
   */
  unwatch(
    reference: string,
    channel: Channel,
    options?: IoOptions,
  ): Promise<{ readonly stopped: boolean }>
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
