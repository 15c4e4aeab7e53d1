import type { GoogleTrouble } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { connect, EVENTS_PATH, failure, meeting } from '../testing/calendar-fixture.ts'

type Kind = GoogleTrouble['kind']

const BRIEF: readonly Kind[] = ['rate_limit', 'user_rate_limit', 'quota']
const LASTING: readonly [Kind, code: string, retryable: boolean][] = [
  ['usage_limit', 'rate_limited', true],
  ['forbidden', 'forbidden', false],
]

const when = `PATCH ${EVENTS_PATH}`

describe('403', () => {
  test.each(BRIEF)('by %s is over after a while: the call waits, a change too', async (kind) => {
    await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1 } })
    const { calendar, google } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id } = event
    google.setTroubles({ kind, when })
    expect(await calendar.events.update('staff-1', { id, summary: '新' })).toMatchObject({ id })
    expect(google.requestCount('PATCH', `${EVENTS_PATH}/${id}`)).toBe(2)
    google.setTroubles({ kind, when, times: 3 })
    const error = await failure(calendar.events.update('staff-1', { id, summary: '後' }))
    expect(error).toMatchObject({ code: 'rate_limited', outcome: 'none', retryable: true })
    expect(google.requestCount('PATCH', `${EVENTS_PATH}/${id}`)).toBe(5)
  })

  test.each(LASTING)('by %s is not: nothing is repeated', async (kind, code, retryable) => {
    await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1 } })
    const { calendar, google } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id } = event
    google.setTroubles({ kind, when })
    const error = await failure(calendar.events.update('staff-1', { id, summary: '新' }))
    expect(error).toMatchObject({ code, outcome: 'none', retryable })
    expect(google.requestCount('PATCH', `${EVENTS_PATH}/${id}`)).toBe(1)
  })
})

test('more creates than Google counts in a minute get through, each once', async () => {
  let now = Date.UTC(2026, 3, 1)
  // Each look at the clock takes four seconds.
  const google = {
    now: () => (now += 4_000),
    quotas: { perUserPerMinute: 1 },
    accessTokenLifetimeSeconds: 86_400,
  }
  await using fixture = await startGoogleCalendar({
    retry: { baseDelayMs: 1, attempts: 10 },
    google,
  })
  const { calendar } = fixture
  await connect(fixture, 'staff-1', 'hana@example.com')
  const days = Array.from({ length: 6 }, (_, at) => at + 1)
  for (const day of days) {
    expect(await calendar.events.create('staff-1', meeting(day))).toMatchObject({ created: true })
  }
  expect(fixture.eventsOf('hana@example.com')).toHaveLength(6)
  expect(fixture.requestCount('POST', EVENTS_PATH)).toBeGreaterThan(6)
})
