import {
  expected,
  expectFunction,
  expectObject,
  expectOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'
import type { Http, HttpOptions } from '@yuzuru/http'
import { type CalendarStore, expectStore } from './stores/calendar-store.ts'
import type { AccountListener } from './accounts/account-change.ts'
import type { CalendarEndpoints } from './wire/endpoints.ts'

interface CalendarSettings {
  /** Of your OAuth client at Google. */
  readonly clientId: string
  readonly clientSecret: string
  /** Where Google sends the person back to; registered with the OAuth client. */
  readonly redirectUri: string
  /** Where tokens are kept: `kyselyCalendarStore` of `@yuzuru/calendar/kysely`, or one of your own. */
  readonly store: CalendarStore
  /** @default Google's */
  readonly endpoints?: CalendarEndpoints | undefined
  /**
   * Called when the state of an account is another one: once for each change, after it is stored, in the
   * process that stored it. An error of its own becomes a process warning.
   */
  readonly onAccountChange?: AccountListener | undefined
  /** The wall clock, in milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined
}

/** A client of `@yuzuru/http` of your own, which is never closed, or the limits of ours. */
export type CalendarOptions = CalendarSettings &
  (
    | {
        readonly client: Http
        readonly connections?: undefined
        readonly queue?: undefined
        readonly acquireTimeoutMs?: undefined
        readonly retry?: undefined
        readonly timeouts?: undefined
      }
    | ({ readonly client?: undefined } & Pick<
        HttpOptions,
        'connections' | 'queue' | 'acquireTimeoutMs' | 'retry' | 'timeouts'
      >)
  )

const CALENDAR_OPTIONS = Object.keys({
  clientId: true,
  clientSecret: true,
  redirectUri: true,
  store: true,
  endpoints: true,
  onAccountChange: true,
  now: true,
  client: true,
  connections: true,
  queue: true,
  acquireTimeoutMs: true,
  retry: true,
  timeouts: true,
} satisfies Record<keyof CalendarOptions, true>)

/** Checks what is checked nowhere else. */
export function expectCalendarOptions(options: CalendarOptions): void {
  expectObject('options', options)
  expectOptions(options, CALENDAR_OPTIONS, 'createCalendar')
  const { clientId, clientSecret, redirectUri, store, onAccountChange, now, client } = options
  expectText('clientId', clientId, 500)
  expectText('clientSecret', clientSecret, 500)
  const url = typeof redirectUri === 'string' ? URL.parse(redirectUri) : null
  // RFC 6749, 3.1.2.
  if (url === null || redirectUri.includes('#')) {
    throw new TypeError('Expected redirectUri to be an absolute URL without a fragment')
  }
  expectStore(store)
  if (onAccountChange !== undefined) expectFunction('onAccountChange', onAccountChange)
  if (now !== undefined) expectFunction('now', now)
  if (client === undefined) return
  if (typeof client?.request !== 'function')
    throw expected('client to be made by createHttp', client)
  const both = (['connections', 'queue', 'acquireTimeoutMs', 'retry', 'timeouts'] as const).find(
    (name) => options[name] !== undefined,
  )
  if (both !== undefined) throw new TypeError(`Expected either client or ${both}, got both`)
}
