import assert from 'node:assert/strict'
import { type CalendarFixture, connect, EVENTS_PATH, failure, meeting } from './calendar-fixture.ts'
import { CalendarError } from '../calendar-error.ts'
import { CREATED_EVENTS } from './exercise-created-events.ts'

const KEYED = { ...meeting(1), idempotencyKey: 'plan-1' }

/** What is done to single events. */
export const EVENTS: Record<string, (fixture: CalendarFixture) => Promise<void>> = {
  ...CREATED_EVENTS,
  'keeps reminders, and Google’s own fields': async ({ calendar }) => {
    const reminders = [
      { method: 'popup', minutes: 10 },
      { method: 'email', minutes: 40_320 },
    ] as const
    const native = {
      colorId: '7',
      visibility: 'private',
      transparency: 'transparent',
      guestsCanModify: true,
      source: { title: '支援計画', url: 'https://example.jp/plans/7' },
      extendedProperties: { private: { plan: '7' }, shared: { office: '3' } },
    }
    const { event } = await calendar.events.create('staff-1', { ...meeting(1), reminders, native })
    const { id } = event
    await calendar.events.update('staff-1', { id, native: { colorId: '3' } })
    const found = await calendar.events.get('staff-1', { id })
    const { colorId, visibility, transparency, guestsCanModify, source } = found.native
    assert.deepEqual(
      { colorId, visibility, transparency, guestsCanModify, source },
      {
        colorId: '3',
        visibility: 'private',
        transparency: 'transparent',
        guestsCanModify: true,
        source: native.source,
      },
    )
    assert.equal(found.native.extendedProperties?.private?.['plan'], '7')
    assert.deepEqual(found.native.extendedProperties?.shared, { office: '3' })
    const { useDefault, overrides } = found.native.reminders ?? {}
    assert.equal(useDefault ?? false, false)
    const methods = overrides?.map(({ method, minutes }) => `${method} ${minutes}`).toSorted()
    assert.deepEqual(methods, ['email 40320', 'popup 10'])
  },
  'changes what is given and leaves the rest': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', { ...meeting(1), location: '会議室' })
    const { id, etag } = event
    const changed = await calendar.events.update('staff-1', { id, etag, summary: '新しい題' })
    assert.deepEqual([changed.summary, changed.location], ['新しい題', '会議室'])
    assert.notEqual(changed.etag, etag)
    const cleared = await calendar.events.update('staff-1', { id, location: null })
    assert.equal(cleared.location, undefined)
  },
  'puts the calendar’s reminders in place of an event’s own': async ({ calendar }) => {
    const reminders = [{ method: 'popup', minutes: 10 }] as const
    const { event } = await calendar.events.create('staff-1', { ...meeting(1), reminders })
    const changed = await calendar.events.update('staff-1', { id: event.id, reminders: 'default' })
    assert.deepEqual(changed.native.reminders, { useDefault: true })
  },
  'makes whole days of a moment and back': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const days = { id: event.id, start: '2026-04-05', end: '2026-04-06' } as const
    const whole = await calendar.events.update('staff-1', days)
    assert.deepEqual([whole.start, whole.end], ['2026-04-05', '2026-04-06'])
    const { start, end } = meeting(7)
    const moment = await calendar.events.update('staff-1', { id: event.id, start, end })
    assert.deepEqual([moment.start, moment.end], [start, end])
  },
  'fails with conflict, and changes nothing, when the event is another one by now': async ({
    calendar,
  }) => {
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id, etag } = event
    await calendar.events.update('staff-1', { id, summary: '先' })
    const late = await failure(calendar.events.update('staff-1', { id, etag, summary: '後' }))
    assert.deepEqual([late.code, late.outcome], ['conflict', 'none'])
    const stale = await failure(calendar.events.delete('staff-1', { id, etag }))
    assert.equal(stale.code, 'conflict')
    assert.equal((await calendar.events.get('staff-1', { id })).summary, '先')
  },
  'deletes an event, and takes one that is gone for deleted': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id } = event
    assert.deepEqual(await calendar.events.delete('staff-1', { id }), { deleted: true })
    assert.deepEqual(await calendar.events.delete('staff-1', { id }), { deleted: false })
    assert.deepEqual(await calendar.events.delete('staff-1', { id: 'never0' }), { deleted: false })
    assert.equal((await calendar.events.get('staff-1', { id })).status, 'cancelled')
  },
  'fails with not_found when the calendar of what is to be deleted is not there': async ({
    calendar,
  }) => {
    const place = { id: 'never0', calendarId: 'absent@group.calendar.google.com' }
    const error = await failure(calendar.events.delete('staff-1', place))
    assert.deepEqual([error.code, error.status, error.retryable], ['not_found', 404, false])
    assert.deepEqual(await calendar.events.delete('staff-1', { id: 'never0' }), { deleted: false })
  },
  'fails with not_found for an event that never was': async ({ calendar }) => {
    const error = await failure(calendar.events.get('staff-1', { id: 'never0' }))
    assert.deepEqual([error.code, error.status, error.retryable], ['not_found', 404, false])
  },
  'gives the native client, whose calls refresh and fail like ours': async (fixture) => {
    const { calendar } = fixture
    await fixture.expireAccessTokens()
    const { events } = calendar.client('staff-1')
    const { start, end } = { start: { date: '2026-04-01' }, end: { date: '2026-04-02' } }
    const requestBody = { id: 'native01', summary: '題', start, end }
    const { data, status } = await events.insert({ calendarId: 'primary', requestBody })
    assert.deepEqual([data.id, data.summary, status], ['native01', '題', 200])
    const again = events.insert({ calendarId: 'primary', requestBody })
    assert.equal((await failure(again)).code, 'already_exists')
    const list = await events.list({ calendarId: 'primary', maxResults: 10 })
    assert.deepEqual(
      list.data.items?.map(({ id }) => id),
      ['native01'],
    )
  },
}

/** The same, for a transport that repeats nothing. */
export const EVENTS_WITHOUT_RETRY: typeof EVENTS = {
  'makes one event when a call is repeated whose answer was lost': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    fixture.dropReply(`POST ${EVENTS_PATH}`, 1)
    const error = await failure(calendar.events.create('staff-1', KEYED))
    assert.deepEqual([error.code, error.outcome], ['connection_lost', 'unknown'])
    assert.equal((await fixture.eventsOf('hana@example.com')).length, 1)
    const { created } = await calendar.events.create('staff-1', KEYED)
    assert.equal(created, false)
    assert.equal((await fixture.eventsOf('hana@example.com')).length, 1)
  },
  'says unknown of a change whose answer was lost, none of a read': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id } = event
    const calls = {
      PATCH: () => calendar.events.update('staff-1', { id, summary: '新' }),
      GET: () => calendar.events.get('staff-1', { id }),
    }
    const outcomes: string[] = []
    for (const [method, call] of Object.entries(calls)) {
      fixture.dropReply(`${method} ${EVENTS_PATH}`, 1)
      const error = await failure(call())
      assert(CalendarError.isInstance(error))
      outcomes.push(error.outcome)
    }
    assert.deepEqual(outcomes, ['unknown', 'none'])
  },
}
