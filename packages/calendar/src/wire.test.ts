import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { createHttp } from '@yuzuru/http'
import { startScriptedServer } from '@yuzuru/http/testing'
import { describe, expect, test } from 'vitest'
import { type GoogleCalendar, startGoogleCalendar } from '../test/google-calendar.ts'
import { AccountApi } from './accounts/account-api.ts'
import { connect, EVENTS_PATH, failure, meeting } from './testing/calendar-fixture.ts'
import type { Calendar } from './calendar.ts'
import { createCalendar } from './create-calendar.ts'
import { memoryCalendarStore } from './stores/memory-store.ts'
import { plainCipher } from './testing/plain-cipher.ts'

async function connected(): Promise<GoogleCalendar> {
  const fixture = await startGoogleCalendar({ retry: false })
  await connect(fixture, 'staff-1', 'hana@example.com')
  return fixture
}

/** Makes a call to a server that never answers, and gives what it ends with when its deadline passes. */
async function untilDeadline(call: (calendar: Calendar) => Promise<unknown>): Promise<unknown> {
  await using server = await startScriptedServer()
  server.otherwise('silence')
  const store = memoryCalendarStore({ cipher: plainCipher() })
  const refreshAt = Date.now() + 3_600_000
  await store.put('staff-1', { accessToken: 'a', refreshToken: 'r', refreshAt, scopes: [] })
  const client = { clientId: 'id', clientSecret: 'secret', redirectUri: 'http://127.0.0.1/' }
  const endpoints = { apiRoot: server.url }
  await using calendar = createCalendar({ ...client, store, endpoints, retry: false })
  using clock = TestClock.install()
  const failed = withTimeout(5_000, () => call(calendar)).catch((error: unknown) => error)
  const { headers } = await server.received(1)
  expect(headers['authorization']).toBe('Bearer a')
  expect(server.connections).toBe(1)
  await clock.advance(5_000)
  const error = await failed
  await server.disconnected()
  return error
}

describe('a deadline around a call', () => {
  test('closes its connection, and says that an insert may have happened', async () => {
    const error = await untilDeadline((calendar) => calendar.events.create('staff-1', meeting(1)))
    expect(TimeoutError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ outcome: 'unknown' })
  })

  test('closes its connection, and says that nothing happened by a read', async () => {
    const error = await untilDeadline((calendar) =>
      calendar.events.get('staff-1', { id: 'event1' }),
    )
    expect(error).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
  })

  test('reaches what is sent with the native client', async () => {
    const error = await untilDeadline(async (calendar) =>
      calendar.client('staff-1').events.list({ calendarId: 'primary' }),
    )
    expect(error).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
  })

  test('that has passed lets nothing out', async () => {
    await using fixture = await connected()
    const call = fixture.calendar.events.create('staff-1', meeting(1), { timeoutMs: 0 })
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'none' })
    expect(fixture.requestCount('POST', EVENTS_PATH)).toBe(0)
  })

  test('is a signal too, for a call alone', async () => {
    await using fixture = await connected()
    fixture.proxy.set({ halfOpen: true })
    const controller = new AbortController()
    const call = fixture.calendar.events.get('staff-1', { id: 'e' }, { signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toMatchObject({ name: 'Cancelled', source: 'signal' })
  })
})

describe('a failure on the way', () => {
  test('is connection_failed, with nothing sent, when nobody listens', async () => {
    await using fixture = await connected()
    await fixture.proxy.close()
    const error = await failure(fixture.calendar.events.create('staff-1', meeting(1)))
    expect(error).toMatchObject({ code: 'connection_failed', outcome: 'none', retryable: true })
  })

  test('is rate_limited for a 429, with the time to wait', async () => {
    await using fixture = await connected()
    fixture.proxy.set({ status: { code: 429, retryAfterSeconds: 7 } })
    const error = await failure(fixture.calendar.events.create('staff-1', meeting(1)))
    expect(error).toMatchObject({ code: 'rate_limited', outcome: 'none', retryable: true })
    expect(error.retryAfterMs).toBe(7_000)
  })

  test.each([
    [403, 'rateLimitExceeded', 'rate_limited', true],
    [403, 'forbidden', 'forbidden', false],
    [400, 'badRequest', 'invalid_request', false],
    [500, 'backendError', 'unavailable', true],
  ])('of status %i %s is %s', async (code, reason, expected, retryable) => {
    await using fixture = await connected()
    const body = JSON.stringify({ error: { code, errors: [{ reason, message: 'private' }] } })
    fixture.proxy.set({ status: { code, body } })
    const error = await failure(
      fixture.calendar.events.update('staff-1', { id: 'event1', summary: '新' }),
    )
    expect(error).toMatchObject({ code: expected, reason, status: code, retryable })
    expect(error.outcome).toBe(code === 500 ? 'unknown' : 'none')
    expect(JSON.stringify(error) + String(error.cause)).not.toContain('private')
  })

  test('is closed after close', async () => {
    await using fixture = await connected()
    await fixture.calendar.close()
    const error = await failure(fixture.calendar.events.get('staff-1', { id: 'event1' }))
    expect(error).toMatchObject({ code: 'closed', outcome: 'none' })
  })
})

test('a transport that was passed in is used and not closed', async () => {
  await using fixture = await connected()
  await using http = createHttp()
  const { retry: _, ...options } = fixture.options
  const calendar = createCalendar({ ...options, client: http } as typeof fixture.options)
  await calendar.events.create('staff-1', meeting(1))
  expect(http.stats().origins).toHaveLength(1)
  await calendar.close()
  const late = calendar.events.get('staff-1', { id: 'event1' })
  await expect(late).rejects.toMatchObject({ code: 'closed', outcome: 'none' })
  await expect(http.request(fixture.google.url)).rejects.toMatchObject({ code: 'not_found' })
})

describe('an access token', () => {
  test('goes to the API and nowhere else', async () => {
    await using http = createHttp()
    const credentials = { current: () => Promise.reject(new Error('asked')) }
    const api = new AccountApi(http, 'https://api.invalid/', credentials as never)
    const call = { operation: 'client', reference: 'staff-1' }
    const sent = api.send(call, { method: 'GET', url: 'https://elsewhere.invalid/calendar' })
    await expect(sent).rejects.toThrow(/^Expected a request to https:\/\/api.invalid/)
  })

  test('stays in the calendar that was named', async () => {
    await using fixture = await connected()
    const { calendar } = fixture
    const place = { calendarId: 'a/../b?c#d', id: 'x/y' }
    const { code } = await failure(calendar.events.get('staff-1', place))
    expect(code).toBe('not_found')
    const path = '/calendar/v3/calendars/a%2F..%2Fb%3Fc%23d/events/x%2Fy'
    expect(fixture.requestCount('GET', path)).toBe(1)
  })
})
