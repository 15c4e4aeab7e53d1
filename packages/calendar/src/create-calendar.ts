import { createHttp, type HttpOptions } from '@yuzuru/http'
import { AccountApi } from './accounts/account-api.ts'
import type { Calendar } from './calendar.ts'
import { type CalendarOptions, expectCalendarOptions } from './calendar-options.ts'
import { AccountChanges } from './accounts/account-change.ts'
import { Accounts } from './accounts/account.ts'
import { Consents } from './accounts/consent.ts'
import { Credentials } from './accounts/credentials.ts'
import { expectReference } from './reference.ts'
import { expectEndpoints } from './wire/endpoints.ts'
import { EventCalls } from './events/event-calls.ts'
import { EventLists } from './events/event-lists.ts'
import { FreeBusy } from './events/free-busy.ts'
import { Pages } from './events/pages.ts'
import { Sync } from './events/sync.ts'
import { ChannelCalls } from './watch/channel-calls.ts'
import { CalendarCalls } from './calendars/calendars.ts'
import { nativeClient } from './accounts/native-client.ts'
import { Operations } from './wire/operations.ts'
import { OAuth } from './accounts/oauth.ts'

/** A page of 2,500 full events stays below. */
const MAX_BYTES = 32 * 1024 * 1024

/**
 * Makes a client of Google Calendar for many accounts, each of which has given its consent. Connections are
 * opened when they are needed; close it when you are done.
 *
 * Do not call it inside a database transaction, as tokens are read and stored outside of it: enqueue a job
 * there.
 *
 * @throws {TypeError} when an option is unknown or out of its range; it names a misspelt one
 * @example
 * await using calendar = createCalendar({
 *   clientId, clientSecret, redirectUri: 'https://example.jp/calendar/callback',
 *   store: kyselyCalendarStore(db, { cipher }),
 * })
 * const { event } = await withTimeout(5_000, () =>
 *   calendar.events.create(staffId, {
 *     idempotencyKey: `meeting:${planId}`,
 *     summary: '支援会議',
 *     start: new Date('2026-04-01T10:00:00+09:00'),
 *     end: new Date('2026-04-01T11:00:00+09:00'),
 *     timeZone: 'Asia/Tokyo',
 *   }))
 */
export function createCalendar(options: CalendarOptions): Calendar {
  expectCalendarOptions(options)
  const { clientId, clientSecret, redirectUri, store, now = Date.now } = options
  const { authUrl, tokenUrl, revokeUrl, apiRoot } = expectEndpoints(options.endpoints)
  const http = options.client ?? createHttp({ ...limitsOf(options), maxBytes: MAX_BYTES })
  const oauth = new OAuth({ http, tokenUrl, revokeUrl, clientId, clientSecret, redirectUri, now })
  const changes = new AccountChanges(options.onAccountChange, now)
  const credentials = new Credentials(store, oauth, now, changes)
  const api = new AccountApi(http, apiRoot, credentials)
  const operations = new Operations(async (leftMs) => {
    await credentials.settled()
    if (options.client === undefined) await http.close({ drainMs: leftMs })
  })
  const identity = { authUrl, clientId, redirectUri }
  const consents = new Consents({ oauth, operations, store, ...identity, now, changes })
  const accounts = new Accounts(credentials, operations)
  const pages = new Pages(api, operations)
  const events = new EventCalls(api, operations)
  const lists = new EventLists(pages)
  const calendars = new CalendarCalls(api, operations, pages)
  const sync = new Sync(pages)
  const channels = new ChannelCalls(api, operations)
  const freeBusy = new FreeBusy(api, operations)
  return {
    authorizeUrl: (request, options) => consents.authorizeUrl(request, options),
    exchange: (answer, options) => consents.exchange(answer, options),
    account: (reference, options) => accounts.get(reference, options),
    revoke: (reference, options) => consents.revoke(reference, options),
    events: {
      create: (reference, event, options) => events.create(reference, event, options),
      get: (reference, event, options) => events.get(reference, event, options),
      update: (reference, event, options) => events.update(reference, event, options),
      move: (reference, event, options) => events.move(reference, event, options),
      delete: (reference, event, options) => events.delete(reference, event, options),
      list: (reference, query, options) => lists.list(reference, query, options),
      instances: (reference, query, options) => lists.instances(reference, query, options),
      respond: (reference, answer, options) => events.respond(reference, answer, options),
    },
    calendars: {
      list: (reference, query, options) => calendars.list(reference, query, options),
      create: (reference, calendar, options) => calendars.create(reference, calendar, options),
    },
    sync: (reference, query, options) => sync.of(reference, query, options),
    freeBusy: (reference, query, options) => freeBusy.of(reference, query, options),
    watch: (reference, channel, options) => channels.watch(reference, channel, options),
    unwatch: (reference, channel, options) => channels.unwatch(reference, channel, options),
    client(reference) {
      expectReference(reference)
      return nativeClient(api, operations, reference, apiRoot)
    },
    close: (options) => operations.close(options),
    [Symbol.asyncDispose]: () => operations.close(),
  }
}

function limitsOf({ connections = 32, ...limits }: CalendarOptions): HttpOptions {
  const { queue, acquireTimeoutMs, retry, timeouts } = limits
  return { connections, queue, acquireTimeoutMs, retry, timeouts }
}
