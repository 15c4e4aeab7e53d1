import { expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import type { Calendar } from '../calendar.ts'
import { connect, EVENTS_PATH, failure, meeting } from '../testing/calendar-fixture.ts'

const EVERYTHING = 'https://www.googleapis.com/auth/calendar'
const id = 'event001'

type Verb = (calendar: Calendar, to: string) => Promise<unknown>

const VERBS: Readonly<Record<string, readonly [method: string, Verb]>> = {
  'events.create': ['POST', ({ events }) => events.create('staff-1', meeting(2))],
  'events.update': ['PATCH', ({ events }) => events.update('staff-1', { id, summary: '新' })],
  'events.move': ['POST', ({ events }, to) => events.move('staff-1', { id, to })],
  'events.delete': ['DELETE', ({ events }) => events.delete('staff-1', { id })],
}

/** Which code a 409 has, and which outcome: a request that Google may know by its id may have been there before. */
test.each([
  ['events.update', 'conflict', 'conflict', 'none'],
  ['events.update', undefined, 'conflict', 'none'],
  ['events.delete', 'conflict', 'conflict', 'none'],
  ['events.delete', undefined, 'conflict', 'none'],
  ['events.move', 'conflict', 'conflict', 'none'],
  ['events.move', 'duplicate', 'already_exists', 'none'],
  ['events.create', 'conflict', 'conflict', 'unknown'],
] as const)('409 of %s by %s is %s, %s', async (verb, reason, code, outcome) => {
  await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1 } })
  const { calendar, google, proxy } = fixture
  await connect(fixture, 'staff-1', 'hana@example.com', [EVERYTHING])
  await calendar.events.create('staff-1', { ...meeting(1), id })
  const to = await google.addCalendar('hana@example.com', '二課')
  const errors = reason === undefined ? undefined : [{ reason }]
  const body = JSON.stringify({ error: { code: 409, errors } })
  const [when, call] = VERBS[verb] as (typeof VERBS)[string]
  proxy.set({ status: { code: 409, body, when, times: 1 } })
  expect(await failure(call(calendar, to))).toMatchObject({ code, outcome, status: 409 })
})

test('a change of guests that meets a conflict of Google is made with what stands then', async () => {
  await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1 } })
  const { calendar, proxy } = fixture
  await connect(fixture, 'staff-1', 'hana@example.com')
  await calendar.events.create('staff-1', { ...meeting(1), id })
  const body = JSON.stringify({ error: { code: 409, errors: [{ reason: 'conflict' }] } })
  proxy.set({ status: { code: 409, body, when: 'PATCH', times: 1 } })
  const attendees = { add: ['taro@example.com'] }
  const event = await calendar.events.update('staff-1', { id, attendees })
  expect(event.attendees).toHaveLength(1)
  expect(fixture.requestCount('PATCH', `${EVENTS_PATH}/${id}`)).toBe(1)
})
