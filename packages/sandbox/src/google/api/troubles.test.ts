import { expect, test } from 'vitest'

import { calendarId, email, meeting, openCalendar, refusal } from '../../../test/google/fixture.ts'
import type { GoogleTrouble } from './troubles.ts'

const TABLE: readonly [GoogleTrouble['kind'], number, string, done: boolean][] = [
  ['rate_limit', 403, 'rateLimitExceeded', false],
  ['user_rate_limit', 403, 'userRateLimitExceeded', false],
  ['too_many_requests', 429, 'rateLimitExceeded', false],
  ['quota', 403, 'quotaExceeded', false],
  ['usage_limit', 403, 'calendarUsageLimitsExceeded', false],
  ['forbidden', 403, 'forbiddenForNonOrganizer', false],
  ['error', 500, 'backendError', false],
  ['error_after', 500, 'backendError', true],
]

test.each(TABLE)('%s is %i %s, as often as it is set', async (kind, status, reason, done) => {
  await using session = await openCalendar()
  const { client, server } = session
  server.setTroubles({ kind, when: 'POST /calendar/v3/calendars/primary/events' })
  await client.events.list({ calendarId })
  const insert = { calendarId, requestBody: meeting(10) }
  expect(await refusal(client.events.insert(insert))).toEqual({ status, reason })
  expect(server.events(email)).toHaveLength(done ? 1 : 0)
  expect((await client.events.insert(insert)).status).toBe(200)
})

test('a trouble that there is not is a TypeError', async () => {
  await using session = await openCalendar()
  const { server } = session
  expect(() => server.setTroubles({ kind: 'rain' as never })).toThrow(TypeError)
  expect(() => server.setTroubles({ kind: 'quota', often: 2 } as never)).toThrow(TypeError)
})
