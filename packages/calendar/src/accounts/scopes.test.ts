import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import type { Calendar } from '../calendar.ts'
import { collect, connect, failure, meeting } from '../testing/calendar-fixture.ts'

const { start: from, end: to } = meeting(1)
const id = 'plan0001'

/** The least scope of each verb, as its docstring names it. */
const LEAST: Record<string, [scope: string, call: (calendar: Calendar) => Promise<unknown>]> = {
  'events.create': [
    'calendar.events.owned',
    (it) => it.events.create('me', { ...meeting(2), idempotencyKey: 'k' }),
  ],
  'events.get': ['calendar.events.owned.readonly', (it) => it.events.get('me', { id })],
  'events.update': ['calendar.events.owned', (it) => it.events.update('me', { id, summary: '新' })],
  'events.update of guests': [
    'calendar.events.owned',
    (it) => it.events.update('me', { id, attendees: { add: ['taro@example.com'] } }),
  ],
  'events.respond': [
    'calendar.events.owned',
    (it) => it.events.respond('me', { id, response: 'accepted' }),
  ],
  'events.delete': ['calendar.events.owned', (it) => it.events.delete('me', { id: 'absent' })],
  'events.list': ['calendar.events.owned.readonly', (it) => collect(it.events.list('me'))],
  'events.instances': [
    'calendar.events.owned.readonly',
    (it) => collect(it.events.instances('me', { id: 'series01' })),
  ],
  sync: ['calendar.events.owned.readonly', (it) => collect(it.sync('me'))],
  freeBusy: ['calendar.events.freebusy', (it) => it.freeBusy('me', { from, to })],
  'calendars.list': ['calendar.calendarlist.readonly', (it) => collect(it.calendars.list('me'))],
  'calendars.create': [
    'calendar.app.created',
    (it) => it.calendars.create('me', { summary: '会議' }),
  ],
}

const full = (scope: string): string => `https://www.googleapis.com/auth/${scope}`

/** One that is needed by no verb. */
const OTHER = full('calendar.settings.readonly')

describe.each(Object.entries(LEAST))('%s', (_verb, [scope, call]) => {
  test(`needs ${scope}, and no more`, async () => {
    await using fixture = await startGoogleCalendar()
    const { calendar, google } = fixture
    const email = 'hana@example.com'
    await connect(fixture, 'owner', email, [full('calendar')])
    await calendar.events.create('owner', { ...meeting(1), id, attendees: [email] })
    const recurrence = ['RRULE:FREQ=DAILY;COUNT=2']
    await calendar.events.create('owner', { ...meeting(3), id: 'series01', recurrence })
    // Another consent would have what was allowed before.
    await google.revokeAccess(email)
    await calendar.exchange({ reference: 'me', ...(await consent(fixture, OTHER)) })
    const refused = await failure(call(calendar))
    expect(refused).toMatchObject({ code: 'forbidden', reason: 'insufficientPermissions' })
    expect(refused.message).toContain('authorizeUrl')
    await calendar.exchange({ reference: 'me', ...(await consent(fixture, full(scope))) })
    await call(calendar)
  })
})

async function consent(
  fixture: Awaited<ReturnType<typeof startGoogleCalendar>>,
  scope: string,
): Promise<{ readonly state: string; readonly code: string }> {
  const url = await fixture.calendar.authorizeUrl({ reference: 'me', scopes: [scope] })
  return await fixture.allow(url, 'hana@example.com')
}
