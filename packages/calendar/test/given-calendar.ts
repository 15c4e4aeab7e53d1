import { randomBytes } from 'node:crypto'
import { auth, calendar, type calendar_v3 } from '@googleapis/calendar'
import { type FaultProxy, startFaultProxy } from '@yuzuru/sandbox'
import { createCalendar } from '../src/create-calendar.ts'
import { memoryCalendarStore } from '../src/stores/memory-store.ts'
import type { CalendarFixture, CalendarFixtureOptions } from '../src/testing/calendar-fixture.ts'
import { plainCipher } from '../src/testing/plain-cipher.ts'
import type { GivenGoogle } from './given-google.ts'
import { startGoogleRelay } from './google-relay.ts'

/** A fixture of a real account, and the proxy before it. */
interface GivenFixture extends CalendarFixture {
  readonly proxy: FaultProxy
}

/** A calendar of the account that was made for the tests, and goes with them. */
export interface GivenCalendar extends AsyncDisposable {
  /** A fixture in which the calendar is empty. */
  fixture(options: CalendarFixtureOptions): Promise<GivenFixture>
}

export async function openGivenCalendar(given: GivenGoogle): Promise<GivenCalendar> {
  const { clientId, clientSecret, refreshToken, tokenUrl, apiRoot } = given
  const oauth = new auth.OAuth2({ clientId, clientSecret, endpoints: { oauth2TokenUrl: tokenUrl } })
  oauth.setCredentials({ refresh_token: refreshToken })
  const google = calendar({ version: 'v3', auth: oauth, rootUrl: apiRoot })
  const requestBody = { summary: 'yuzuru tests', timeZone: 'Asia/Tokyo' }
  const calendarId = (await google.calendars.insert({ requestBody })).data.id ?? ''
  const all = async (): Promise<calendar_v3.Schema$Event[]> => {
    const events: calendar_v3.Schema$Event[] = []
    for (let pageToken: string | undefined; ;) {
      const query = { calendarId, showDeleted: true, maxResults: 2_500 }
      const { data } = await google.events.list({
        ...query,
        ...(pageToken === undefined ? {} : { pageToken }),
      })
      events.push(...(data.items ?? []))
      pageToken = data.nextPageToken ?? undefined
      if (pageToken === undefined) return events
    }
  }
  return {
    async fixture({ retry }) {
      for (const { id, status, recurringEventId } of await all()) {
        if (status === 'cancelled' || recurringEventId !== undefined) continue
        await google.events.delete({ calendarId, eventId: id ?? '' })
      }
      await using stack = new AsyncDisposableStack()
      const prefix = `t${randomBytes(12).toString('hex')}`
      const relay = stack.use(await startGoogleRelay({ given, calendarId, prefix }))
      const proxy = stack.use(await startFaultProxy({ target: relay, protocol: 'http' }))
      const ours = stack.use(
        createCalendar({
          clientId,
          clientSecret,
          redirectUri: 'http://127.0.0.1/callback',
          store: memoryCalendarStore({ cipher: plainCipher() }),
          retry,
          endpoints: {
            tokenUrl: proxy.url(`${relay.url}token`),
            revokeUrl: proxy.url(`${relay.url}revoke`),
            apiRoot: proxy.url(relay.url),
          },
        }),
      )
      const ended = stack.move()
      const never = (): never => {
        throw new Error('A real account can do this only by hand')
      }
      return {
        proxy,
        calendar: ours,
        allow: (url) => ({ state: new URL(url).searchParams.get('state') ?? '', code: 'given' }),
        async eventsOf() {
          const events = await all()
          return events
            .filter(({ id }) => id?.startsWith(prefix))
            .map((event) => Object.assign(event, { id: event.id?.slice(prefix.length) ?? '' }))
        },
        expireAccessTokens: () => relay.expireAccessTokens(),
        revokeAccess: never,
        invalidateSyncTokens: never,
        requestCount: (method, path) => relay.requestCount(method, path),
        dropReply: (when, times) => proxy.set({ dropReply: { when, times } }),
        [Symbol.asyncDispose]: () => ended.disposeAsync(),
      }
    },
    async [Symbol.asyncDispose]() {
      await google.calendars.delete({ calendarId })
    },
  }
}
