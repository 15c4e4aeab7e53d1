import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import type { Calendar } from '../calendar.ts'
import { collect, connect, failure, meeting } from '../testing/calendar-fixture.ts'
import type { Channel } from '../watch/channel-calls.ts'

const { start: from, end: to } = meeting(1)
const id = 'plan0001'

/** What was there before: another calendar, and a channel. */
interface Made {
  readonly to: string
  readonly channel: Channel
}

/** Nobody listens there. */
const channel = { address: 'http://127.0.0.1:9/google', token: 'secret' }

/** The least scope of each verb, as its docstring names it. */
const LEAST: Record<
  string,
  [scope: string, call: (calendar: Calendar, made: Made) => Promise<unknown>]
> = {
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
  'events.move': ['calendar.events.owned', (it, { to }) => it.events.move('me', { id, to })],
  'events.delete': ['calendar.events.owned', (it) => it.events.delete('me', { id: 'absent' })],
  'events.list': ['calendar.events.owned.readonly', (it) => collect(it.events.list('me'))],
  'events.instances': [
    'calendar.events.owned.readonly',
    (it) => collect(it.events.instances('me', { id: 'series01' })),
  ],
  sync: ['calendar.events.owned.readonly', (it) => collect(it.sync('me'))],
  watch: ['calendar.events.owned.readonly', (it) => it.watch('me', channel)],
  unwatch: ['calendar.events.owned.readonly', (it, made) => it.unwatch('me', made.channel)],
  freeBusy: ['calendar.events.freebusy', (it) => it.freeBusy('me', { from, to })],
  'calendars.list': ['calendar.calendarlist.readonly', (it) => collect(it.calendars.list('me'))],
  'calendars.create': [
    'calendar.app.created',
    (it) => it.calendars.create('me', { summary: '会議' }),
  ],
}

const full = (scope: string): string => `https://www.googleapis.com/auth/${scope}`

/** One that is needed by no verb. */
const OTHER = full('calendar.calendars.readonly')

describe.each(Object.entries(LEAST))('%s', (_verb, [scope, call]) => {
  test(`needs ${scope}, and no more`, async () => {
    await using fixture = await startGoogleCalendar()
    const { calendar, google } = fixture
    const email = 'hana@example.com'
    await connect(fixture, 'owner', email, [full('calendar')])
    await calendar.events.create('owner', { ...meeting(1), id, attendees: [email] })
    const recurrence = ['RRULE:FREQ=DAILY;COUNT=2']
    await calendar.events.create('owner', { ...meeting(3), id: 'series01', recurrence })
    const made = {
      to: await google.addCalendar(email, '二課'),
      channel: await calendar.watch('owner', channel),
    }
    // Another consent would have what was allowed before.
    await google.revokeAccess(email)
    await calendar.exchange({ reference: 'me', ...(await consent(fixture, OTHER)) })
    const refused = await failure(call(calendar, made))
    expect(refused).toMatchObject({ code: 'forbidden', reason: 'insufficientPermissions' })
    expect(refused.message).toContain(`it needs the scope ${full(scope)}`)
    expect(refused.message).toContain('authorizeUrl')
    await calendar.exchange({ reference: 'me', ...(await consent(fixture, full(scope))) })
    await call(calendar, made)
  })
})

async function consent(
  fixture: Awaited<ReturnType<typeof startGoogleCalendar>>,
  scope: string,
): Promise<{ readonly state: string; readonly code: string }> {
  const url = await fixture.calendar.authorizeUrl({ reference: 'me', scopes: [scope] })
  return await fixture.allow(url, 'hana@example.com')
}

test('a calendar of our own needs calendar.app.created and no more, for every verb but move, freeBusy and calendars.list', async () => {
  await using fixture = await startGoogleCalendar()
  const { calendar, google } = fixture
  await calendar.exchange({
    reference: 'me',
    ...(await consent(fixture, full('calendar.app.created'))),
  })
  const { scopes } = await calendar.account('me')
  expect(scopes.filter((scope) => scope.includes('/calendar'))).toEqual([
    full('calendar.app.created'),
  ])
  const { id: calendarId } = await calendar.calendars.create('me', { summary: '会議' })
  const place = { calendarId, id }
  // The calendar itself is the guest that answers there.
  const attendees = [calendarId]
  await calendar.events.create('me', { ...meeting(1), ...place, attendees })
  const recurrence = ['RRULE:FREQ=DAILY;COUNT=2']
  await calendar.events.create('me', { ...meeting(3), calendarId, id: 'series01', recurrence })
  await calendar.events.update('me', { ...place, attendees: { add: ['taro@example.com'] } })
  await calendar.events.respond('me', { ...place, response: 'accepted' })
  const { attendees: guests } = await calendar.events.get('me', place)
  expect(guests.map(({ response }) => response)).toEqual(['accepted', 'needsAction'])
  expect(await collect(calendar.events.list('me', { calendarId }))).toHaveLength(2)
  const series = { calendarId, id: 'series01' }
  expect(await collect(calendar.events.instances('me', series))).toHaveLength(2)
  await collect(calendar.sync('me', { calendarId }))
  const opened = await calendar.watch('me', { ...channel, calendarId })
  await calendar.unwatch('me', opened)
  const others: Record<string, () => Promise<unknown>> = {
    'calendar.events.owned': () => calendar.events.move('me', { ...place, to: 'primary' }),
    'calendar.events.freebusy': () =>
      calendar.freeBusy('me', { from, to, calendarIds: [calendarId] }),
    'calendar.calendarlist.readonly': () => collect(calendar.calendars.list('me')),
  }
  for (const [scope, call] of Object.entries(others)) {
    const refused = await failure(call())
    expect(refused).toMatchObject({ code: 'forbidden', reason: 'insufficientPermissions' })
    expect(refused.message).toContain(`it needs the scope ${full(scope)}`)
  }
  await calendar.events.delete('me', place)
  // And nothing else of the account: neither its own calendar, nor one that a person has made.
  for (const other of ['primary', await google.addCalendar('hana@example.com', '私用')]) {
    const refused = await failure(
      calendar.events.create('me', { ...meeting(1), calendarId: other }),
    )
    expect(refused).toMatchObject({ code: 'forbidden', reason: 'insufficientPermissions' })
  }
})
