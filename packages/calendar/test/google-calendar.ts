import {
  type FaultProxy,
  type GoogleOptions,
  type GoogleServer,
  startFaultProxy,
  startGoogle,
} from '@yuzuru/sandbox'
import type { CalendarFixture } from '../src/testing/calendar-fixture.ts'
import type { AccountListener } from '../src/accounts/account-change.ts'
import type { CalendarOptions } from '../src/calendar-options.ts'
import type { CalendarStore } from '../src/stores/calendar-store.ts'
import { createCalendar } from '../src/create-calendar.ts'
import { memoryCalendarStore } from '../src/stores/memory-store.ts'
import { plainCipher } from '../src/testing/plain-cipher.ts'

/** A calendar on the sandbox's Google, with a proxy in between that breaks things. */
export interface GoogleCalendar extends CalendarFixture {
  readonly google: GoogleServer
  readonly proxy: FaultProxy
  readonly store: CalendarStore
  readonly options: CalendarOptions
  eventsOf(email: string): ReturnType<GoogleServer['events']>
}

export async function startGoogleCalendar(
  given: {
    readonly retry?:
      | false
      | { readonly baseDelayMs: number; readonly attempts?: number }
      | undefined
    readonly store?: CalendarStore | undefined
    readonly now?: (() => number) | undefined
    readonly onAccountChange?: AccountListener | undefined
    /** Of the Google. */
    readonly google?: GoogleOptions | undefined
  } = {},
): Promise<GoogleCalendar> {
  await using stack = new AsyncDisposableStack()
  const { store = memoryCalendarStore({ cipher: plainCipher() }), google: more, ...others } = given
  const google = stack.use(await startGoogle({ rotateRefreshTokens: true, ...more }))
  const proxy = stack.use(await startFaultProxy({ target: google, protocol: 'http' }))
  const { clientId, clientSecret, authUrl, tokenUrl, revokeUrl, calendarUrl } = google
  const options: CalendarOptions = {
    ...others,
    clientId,
    clientSecret,
    redirectUri: 'http://127.0.0.1/callback',
    store,
    endpoints: {
      authUrl,
      tokenUrl: proxy.url(tokenUrl),
      revokeUrl: proxy.url(revokeUrl),
      apiRoot: proxy.url(calendarUrl),
    },
  }
  const calendar = stack.use(createCalendar(options))
  const ended = stack.move()
  return {
    google,
    proxy,
    store,
    options,
    calendar,
    allow: pressAllow,
    eventsOf: (email) => google.events(email),
    expireAccessTokens: () => google.expireAccessTokens(),
    revokeAccess: (email) => google.revokeAccess(email),
    invalidateSyncTokens: (email) => google.invalidateSyncTokens(email),
    requestCount: (method, path) => google.requestCount(method, path),
    dropReply: (when, times) => proxy.set({ dropReply: { when, times } }),
    [Symbol.asyncDispose]: () => ended.disposeAsync(),
  }
}

/** Opens the consent page, as a browser does, and presses "allow". */
async function pressAllow(
  url: string,
  email: string,
  scopes?: readonly string[],
): Promise<{ state: string; code: string }> {
  const { origin, pathname, searchParams } = new URL(url)
  const form = new URLSearchParams([...searchParams, ['email', email], ['decision', 'allow']])
  // Who it is Google says in any case.
  if (scopes !== undefined) form.set('scope', ['openid', 'email', ...scopes].join(' '))
  const page = { method: 'POST', body: form, redirect: 'manual' } as const
  const response = await fetch(`${origin}${pathname}`, page)
  const back = new URL(response.headers.get('location') ?? '').searchParams
  return { state: back.get('state') ?? '', code: back.get('code') ?? '' }
}
