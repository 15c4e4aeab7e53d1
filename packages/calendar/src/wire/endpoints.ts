import { expected, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'

/** Where Google is. Another place is for tests, and for a proxy of your own. */
export interface CalendarEndpoints {
  /** Where the person consents. @default 'https://accounts.google.com/o/oauth2/v2/auth' */
  readonly authUrl?: string | undefined
  /** @default 'https://oauth2.googleapis.com/token' */
  readonly tokenUrl?: string | undefined
  /** @default 'https://oauth2.googleapis.com/revoke' */
  readonly revokeUrl?: string | undefined
  /** What the paths of the API begin after. @default 'https://www.googleapis.com/' */
  readonly apiRoot?: string | undefined
}

/** All of them, known. */
type KnownEndpoints = Readonly<Record<keyof CalendarEndpoints, string>>

const GOOGLE: KnownEndpoints = {
  authUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
  apiRoot: 'https://www.googleapis.com/',
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** Throws unless each is a URL. Secrets travel to them, so beyond this machine it is one of https. */
export function expectEndpoints(given: CalendarEndpoints = {}): KnownEndpoints {
  expectObject('endpoints', given)
  expectOptions(given, Object.keys(GOOGLE), 'createCalendar.endpoints')
  const endpoints: Record<keyof CalendarEndpoints, string> = { ...GOOGLE }
  for (const name of Object.keys(GOOGLE) as (keyof CalendarEndpoints)[]) {
    const value = given[name]
    if (value === undefined) continue
    const url = typeof value === 'string' ? URL.parse(value) : null
    if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') {
      throw expected(`endpoints.${name} to be a URL without credentials and fragment`, value)
    }
    const near = url.protocol === 'http:' && LOOPBACK.has(url.hostname)
    if (url.protocol !== 'https:' && !near) {
      throw new TypeError(
        `Expected endpoints.${name} to be an https: URL, got one of ${url.protocol}`,
      )
    }
    endpoints[name] = url.href
  }
  return endpoints
}
