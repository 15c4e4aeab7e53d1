import type { GoogleTrouble } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { type GoogleCalendar, startGoogleCalendar } from '../../test/google-calendar.ts'
import type { Calendar } from '../calendar.ts'
import { connect, EVENTS_PATH, failure, meeting } from '../testing/calendar-fixture.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'

type Kind = GoogleTrouble['kind']

const BRIEF: readonly Kind[] = ['rate_limit', 'user_rate_limit']
const LASTING: readonly [Kind, code: string, retryable: boolean][] = [
  ['usage_limit', 'rate_limited', true],
  // "Calendar usage limits exceeded": the calendar can't be changed for several hours.
  ['quota', 'rate_limited', true],
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

const EVERYTHING = 'https://www.googleapis.com/auth/calendar'
const id = 'event001'

/** Changes that carry no key by which a transport could repeat them: only that nothing was done allows it. */
const CHANGES: Record<
  string,
  [line: string, call: (calendar: Calendar, to: string) => Promise<unknown>]
> = {
  'events.update': [
    `PATCH ${EVENTS_PATH}/${id}`,
    (it) => it.events.update('staff-1', { id, summary: '新' }),
  ],
  'events.update of guests': [
    `PATCH ${EVENTS_PATH}/${id}`,
    (it) => it.events.update('staff-1', { id, attendees: { add: ['taro@example.com'] } }),
  ],
  'events.respond': [
    `PATCH ${EVENTS_PATH}/${id}`,
    (it) => it.events.respond('staff-1', { id, response: 'accepted' }),
  ],
  'events.move': [
    `POST ${EVENTS_PATH}/${id}/move`,
    (it, to) => it.events.move('staff-1', { id, to }),
  ],
  'calendars.create': [
    'POST /calendar/v3/calendars',
    (it) => it.calendars.create('staff-1', { summary: '会議' }),
  ],
  watch: [
    `POST ${EVENTS_PATH}/watch`,
    (it) => it.watch('staff-1', { address: 'http://127.0.0.1:9/google', token: 'secret' }),
  ],
}

describe.each(Object.entries(CHANGES))('429 of %s', (_verb, [line, call]) => {
  const [method = '', path = ''] = line.split(' ')

  test('is over after a while: the call waits, and its effect happens once', async () => {
    await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1 } })
    const { calendar, google } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com', [EVERYTHING])
    await calendar.events.create('staff-1', { ...meeting(1), id, attendees: ['hana@example.com'] })
    const to = await google.addCalendar('hana@example.com', '二課')
    google.setTroubles({ kind: 'too_many_requests', when: line, times: 2 })
    await call(calendar, to)
    expect(google.requestCount(method, path)).toBe(3)
  })

  test('is rate_limited with outcome none when it does not end', async () => {
    await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1 } })
    const { calendar, google } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com', [EVERYTHING])
    await calendar.events.create('staff-1', { ...meeting(1), id, attendees: ['hana@example.com'] })
    const to = await google.addCalendar('hana@example.com', '二課')
    google.setTroubles({ kind: 'too_many_requests', when: line, times: 3 })
    const error = await failure(call(calendar, to))
    expect(error).toMatchObject({ code: 'rate_limited', outcome: 'none', retryable: true })
    expect(google.requestCount(method, path)).toBe(3)
  })
})

/** What Google, or what stands before it, says beside 429. */
const REASONS: [reason: string | undefined, isRepeated: boolean][] = [
  ['rateLimitExceeded', true],
  ['userRateLimitExceeded', true],
  ['resourceExhausted', true],
  [undefined, true],
  // They last for hours.
  ['dailyLimitExceeded', false],
  ['calendarUsageLimitsExceeded', false],
  ['quotaExceeded', false],
]

test.each(REASONS)('a change that meets 429 by %s is repeated: %s', async (reason, isRepeated) => {
  await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1 } })
  const { calendar, proxy } = fixture
  await connect(fixture, 'staff-1', 'hana@example.com')
  await calendar.events.create('staff-1', { ...meeting(1), id })
  const errors = reason === undefined ? undefined : [{ reason }]
  const body = JSON.stringify({ error: { code: 429, errors } })
  proxy.set({ status: { code: 429, body, when: 'PATCH', times: 1 } })
  const updated = calendar.events.update('staff-1', { id, summary: '新' })
  if (isRepeated) expect(await updated).toMatchObject({ id, summary: '新' })
  else {
    const limited = { code: 'rate_limited', outcome: 'none', retryable: true }
    expect(await failure(updated)).toMatchObject(limited)
  }
  expect(fixture.requestCount('PATCH', `${EVENTS_PATH}/${id}`)).toBe(isRepeated ? 1 : 0)
})

/** One call a minute. Each look at the clock takes four seconds, so a minute is soon over. */
async function startCounted(status?: 429): Promise<GoogleCalendar> {
  let now = Date.UTC(2026, 3, 1)
  const fixture = await startGoogleCalendar({
    retry: { baseDelayMs: 1, attempts: 10 },
    google: {
      now: () => (now += 4_000),
      quotas: { perUserPerMinute: 1, ...(status === undefined ? {} : { status }) },
      accessTokenLifetimeSeconds: 86_400,
    },
  })
  await connect(fixture, 'staff-1', 'hana@example.com')
  return fixture
}

test('more creates than Google counts in a minute get through, each once', async () => {
  await using fixture = await startCounted()
  const { calendar } = fixture
  const days = Array.from({ length: 6 }, (_, at) => at + 1)
  for (const day of days) {
    expect(await calendar.events.create('staff-1', meeting(day))).toMatchObject({ created: true })
  }
  expect(fixture.eventsOf('hana@example.com')).toHaveLength(6)
  expect(fixture.requestCount('POST', EVENTS_PATH)).toBeGreaterThan(6)
})

test('more changes than Google counts in a minute get through, when it says 429', async () => {
  await using fixture = await startCounted(429)
  const { calendar } = fixture
  await calendar.events.create('staff-1', { ...meeting(1), id })
  for (const summary of ['一', '二', '三']) {
    expect(await calendar.events.update('staff-1', { id, summary })).toMatchObject({ summary })
  }
  expect(fixture.requestCount('PATCH', `${EVENTS_PATH}/${id}`)).toBeGreaterThan(3)
})

/** Reasons of Google's APIs in general, and the form without `errors`: https://google.aip.dev/193 */
const OTHERS: [what: string, error: object, code: string, requests: number][] = [
  [
    'concurrentLimitExceeded',
    { errors: [{ reason: 'concurrentLimitExceeded' }] },
    'rate_limited',
    1,
  ],
  ['servingLimitExceeded', { errors: [{ reason: 'servingLimitExceeded' }] }, 'rate_limited', 1],
  [
    'userRateLimitExceededUnreg',
    { errors: [{ reason: 'userRateLimitExceededUnreg' }] },
    'rate_limited',
    1,
  ],
  ['RATE_LIMIT_EXCEEDED', { details: [{ reason: 'RATE_LIMIT_EXCEEDED' }] }, 'rate_limited', 2],
  [
    'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
    { details: [{ links: [] }, { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] },
    'forbidden',
    1,
  ],
  ['accessNotConfigured', { errors: [{ reason: 'accessNotConfigured' }] }, 'forbidden', 1],
]

test.each(OTHERS)('403 by %s is known for what it is', async (reason, error, code, requests) => {
  await using calendar = createFakeCalendar()
  await calendar.connectAs('staff-1', 'hana@example.com')
  const { event } = await calendar.events.create('staff-1', meeting(1))
  const json = { error: { code: 403, ...error } }
  for (let time = 0; time < 3; time += 1) calendar.fail('PATCH /calendar', { status: 403, json })
  const limited = await failure(calendar.events.update('staff-1', { id: event.id, summary: '新' }))
  expect(limited).toMatchObject({ code, reason, outcome: 'none' })
  expect(limited.retryable).toBe(code === 'rate_limited')
  const isRepeated = calendar.requestCount('PATCH', `${EVENTS_PATH}/${event.id}`) > 1
  expect(isRepeated).toBe(requests > 1)
  expect(limited.message.includes('authorizeUrl')).toBe(reason.startsWith('ACCESS'))
})
