import assert from 'node:assert/strict'
import { auth, calendar, type calendar_v3 } from '@googleapis/calendar'

import type { GoogleOptions } from '../../src/google/google-options.ts'
import { startGoogle, type GoogleServer } from '../../src/google/server.ts'
import { problemsOf } from './resource-check.ts'

export const scopes: readonly string[] = ['https://www.googleapis.com/auth/calendar']
export const email = 'hana@example.com'
export const calendarId = 'primary'

/** For the tests: a server, and the real client, signed in. */
export interface OpenCalendar extends AsyncDisposable {
  server: GoogleServer
  client: calendar_v3.Calendar
}

export async function openCalendar(options: GoogleOptions = {}): Promise<OpenCalendar> {
  const server = await startGoogle(options)
  const { accessToken } = await server.issueTokens({ email, scopes })
  const client = clientWith(server, accessToken)
  return { server, client, [Symbol.asyncDispose]: () => server.close() }
}

/** Every resource that this client is given is held against Google's own types. */
export function clientWith(server: GoogleServer, accessToken: string): calendar_v3.Calendar {
  const oauth = new auth.OAuth2()
  oauth.setCredentials({ access_token: accessToken })
  oauth.transporter.interceptors.response.add({
    resolved: (response) => {
      const isPart = response.config.url.searchParams.has('fields')
      const { data } = response
      if (typeof data === 'object' && data !== null && 'kind' in data && !isPart) {
        assert.deepEqual(problemsOf(data), [])
      }
      return Promise.resolve(response)
    },
  })
  return calendar({ version: 'v3', auth: oauth, rootUrl: server.calendarUrl, retry: false })
}

/** A client of the account, with these scopes, by their short names. */
export async function clientFor(
  server: GoogleServer,
  account: string,
  ...names: readonly string[]
): Promise<calendar_v3.Calendar> {
  const full = names.map((name) => `https://www.googleapis.com/auth/${name}`)
  const { accessToken } = await server.issueTokens({
    email: account,
    scopes: full.length > 0 ? full : scopes,
  })
  return clientWith(server, accessToken)
}

/** Half an hour on 1 April 2026, Japanese time. */
export const meeting = (hour: number): calendar_v3.Schema$Event => ({
  summary: `会議 ${hour}`,
  start: { dateTime: `2026-04-01T${String(hour).padStart(2, '0')}:00:00+09:00` },
  end: { dateTime: `2026-04-01T${String(hour).padStart(2, '0')}:30:00+09:00` },
})

/** What the API refused with: the status, and the reason in its body. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; reason: string }> {
  const error = (await call.then(
    () => ({ status: 200 }),
    (failure: unknown) => failure,
  )) as { status: number; response?: { data: { error: { errors: { reason: string }[] } } } }
  const reason = error.response?.data.error.errors[0]?.reason ?? ''
  return { status: error.status, reason }
}
