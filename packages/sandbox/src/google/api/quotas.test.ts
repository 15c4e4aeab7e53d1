import { expect, test } from 'vitest'

import {
  calendarId,
  clientFor,
  email,
  meeting,
  openCalendar,
  refusal,
} from '../../../test/google/fixture.ts'
import { startGoogle } from '../server.ts'

test('requests of an account are counted over a minute that slides; others have their own', async () => {
  let now = Date.UTC(2026, 3, 1)
  await using session = await openCalendar({ now: () => now, quotas: { perUserPerMinute: 2 } })
  const { client, server } = session
  const other = await clientFor(server, 'taro@example.com')
  const list = (): Promise<unknown> => client.events.list({ calendarId })
  const tooMany = { status: 403, reason: 'userRateLimitExceeded' }
  await list()
  now += 40_000
  await list()
  expect(await refusal(list())).toEqual(tooMany)
  await other.events.list({ calendarId })
  now += 20_000
  // The first one counts no more, and the refused one never did.
  await list()
  expect(await refusal(list())).toEqual(tooMany)
})

test.each([
  [403, 'rateLimitExceeded', { perMinute: 1 }],
  [429, 'rateLimitExceeded', { perMinute: 1, status: 429 as const }],
  [429, 'rateLimitExceeded', { perUserPerMinute: 1, status: 429 as const }],
])('%i %s is what one request too many gets', async (status, reason, quotas) => {
  await using session = await openCalendar({ quotas })
  const insert = (): Promise<unknown> =>
    session.client.events.insert({ calendarId, requestBody: meeting(10) })
  await insert()
  expect(await refusal(insert())).toEqual({ status, reason })
  expect(session.server.events(email)).toHaveLength(1)
})

test('what an account makes is counted by the day: 403 quotaExceeded', async () => {
  let now = Date.UTC(2026, 3, 1)
  const quotas = { newEventsPerDay: 2, newCalendarsPerDay: 1 }
  await using session = await openCalendar({ now: () => now, quotas })
  const { client } = session
  const requestBody = { ...meeting(10), id: 'meeting1' }
  const exceeded = { status: 403, reason: 'quotaExceeded' }
  await client.events.insert({ calendarId, requestBody })
  // It made nothing, and does not count.
  expect(await refusal(client.events.insert({ calendarId, requestBody }))).toMatchObject({
    status: 409,
  })
  await client.events.insert({ calendarId, requestBody: meeting(11) })
  const more = (): Promise<unknown> =>
    client.events.insert({ calendarId, requestBody: meeting(12) })
  expect(await refusal(more())).toEqual(exceeded)
  await client.calendars.insert({ requestBody: { summary: '一' } })
  const second = client.calendars.insert({ requestBody: { summary: '二' } })
  expect(await refusal(second)).toEqual(exceeded)
  expect((await client.events.list({ calendarId })).status).toBe(200)
  now += 86_400_000
  const tomorrow = await clientFor(session.server, email)
  await tomorrow.events.insert({ calendarId, requestBody: meeting(12) })
})

test('each call of a batch counts', async () => {
  await using session = await openCalendar({ quotas: { perUserPerMinute: 1 } })
  const { server } = session
  const scopes = ['https://www.googleapis.com/auth/calendar']
  const { accessToken } = await server.issueTokens({ email, scopes })
  const part = '--cut\nContent-Type: application/http\n\nGET /calendar/v3/users/me/calendarList\n\n'
  const response = await fetch(server.batchUrl, {
    method: 'POST',
    headers: {
      'content-type': 'multipart/mixed; boundary=cut',
      authorization: `Bearer ${accessToken}`,
    },
    body: `${part}${part}--cut--`,
  })
  const text = await response.text()
  expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
    '403',
    '200',
  ])
})

test('a limit that is none is a TypeError', async () => {
  await expect(startGoogle({ quotas: { perMinute: 0 } })).rejects.toThrow(TypeError)
  await expect(startGoogle({ quotas: { status: 500 as 403 } })).rejects.toThrow(TypeError)
  await expect(startGoogle({ quotas: { perminute: 1 } as object })).rejects.toThrow(TypeError)
})
