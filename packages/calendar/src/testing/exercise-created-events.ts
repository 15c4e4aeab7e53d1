import assert from 'node:assert/strict'
import { type CalendarFixture, EVENTS_PATH, failure, meeting } from './calendar-fixture.ts'

const KEYED = { ...meeting(1), idempotencyKey: 'plan-1' }

/** Of the suite: how events are made, under keys and ids. */
export const CREATED_EVENTS: Record<string, (fixture: CalendarFixture) => Promise<void>> = {
  'gives back an event as it was created': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', {
      ...meeting(1),
      description: '計画の見直し',
      location: '第一会議室',
      attendees: ['a@example.com', { email: 'b@example.com', name: 'B', optional: true }],
      reminders: [{ method: 'popup', minutes: 10 }],
    })
    const read = await calendar.events.get('staff-1', { id: event.id })
    const { summary, description, location, start, end, timeZone, etag } = read
    assert.deepEqual([summary, description, location], ['支援会議 1', '計画の見直し', '第一会議室'])
    assert.deepEqual([start, end, timeZone], [meeting(1).start, meeting(1).end, 'Asia/Tokyo'])
    assert.deepEqual(
      read.attendees.map(({ email }) => email),
      ['a@example.com', 'b@example.com'],
    )
    const overrides = [{ method: 'popup', minutes: 10 }]
    assert.deepEqual(read.native.reminders, { useDefault: false, overrides })
    assert.equal(etag, event.etag)
  },
  'creates an event of whole days': async ({ calendar }) => {
    const days = { summary: '研修', start: '2026-04-01', end: '2026-04-03' } as const
    const { event } = await calendar.events.create('staff-1', days)
    assert.deepEqual([event.start, event.end], ['2026-04-01', '2026-04-03'])
  },
  'makes one event of a key, however often it is created': async (fixture) => {
    const { calendar } = fixture
    const first = await calendar.events.create('staff-1', KEYED)
    const again = await Promise.all([1, 2, 3].map(() => calendar.events.create('staff-1', KEYED)))
    assert.equal(first.created, true)
    assert(again.every(({ event, created }) => !created && event.id === first.event.id))
    assert.equal((await fixture.eventsOf('hana@example.com')).length, 1)
  },
  'creates an event under an id of your own': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', { ...meeting(1), id: 'plan0001' })
    assert.equal(event.id, 'plan0001')
  },
  'fails with already_exists when the event of the key was deleted': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', KEYED)
    await calendar.events.delete('staff-1', { id: event.id })
    const error = await failure(calendar.events.create('staff-1', KEYED))
    // An earlier request of the key made it: that nothing was ever done would be false.
    assert.deepEqual([error.code, error.outcome], ['already_exists', 'unknown'])
  },
  'brings the deleted event of a key back, where that is asked for': async (fixture) => {
    const { calendar } = fixture
    const { event } = await calendar.events.create('staff-1', KEYED)
    await calendar.events.delete('staff-1', { id: event.id })
    const again = { ...KEYED, location: '第二会議室', ifDeleted: 'restore' } as const
    const restored = await calendar.events.create('staff-1', again)
    assert.equal(restored.created, true)
    assert.deepEqual([restored.event.id, restored.event.status], [event.id, 'confirmed'])
    assert.equal(restored.event.location, '第二会議室')
    assert.equal((await calendar.events.create('staff-1', again)).created, false)
    assert.equal((await fixture.eventsOf('hana@example.com')).length, 1)
  },
  'leaves nothing in a restored event of what it said before it was deleted': async (fixture) => {
    const { calendar } = fixture
    const { timeZone: _, ...keyed } = KEYED
    const days = { ...keyed, start: '2026-04-01', end: '2026-04-02' } as const
    const recurrence = ['RRULE:FREQ=DAILY;COUNT=3']
    const { event } = await calendar.events.create('staff-1', { ...days, recurrence, meet: true })
    const { id } = event
    await calendar.events.update('staff-1', { id, location: '会議室', description: '人が書いた' })
    await calendar.events.delete('staff-1', { id })
    const again = { ...KEYED, ifDeleted: 'restore' } as const
    const { event: restored } = await calendar.events.create('staff-1', again)
    assert.deepEqual([restored.id, restored.start, restored.end], [id, KEYED.start, KEYED.end])
    const native = (await fixture.eventsOf('hana@example.com')).find((each) => each.id === id)
    for (const name of ['location', 'description', 'recurrence', 'hangoutLink'] as const) {
      assert.equal(native?.[name] ?? undefined, undefined, name)
    }
  },
  'brings a deleted event back once for ten that ask for it at once': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', KEYED)
    await calendar.events.delete('staff-1', { id: event.id })
    const again = { ...KEYED, ifDeleted: 'restore' } as const
    const calls = Array.from({ length: 10 }, () => calendar.events.create('staff-1', again))
    const made = await Promise.all(calls)
    assert.equal(made.filter(({ created }) => created).length, 1)
  },
  'fails with idempotency_conflict when the key was for something else': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', KEYED)
    const { id } = event
    for (const other of [
      { summary: '別' },
      { location: '別' },
      { start: meeting(1).end, end: meeting(2).end },
    ]) {
      const error = await failure(calendar.events.create('staff-1', { ...KEYED, ...other }))
      assert.deepEqual([error.code, error.outcome], ['idempotency_conflict', 'unknown'])
      assert.deepEqual(error.current, event)
    }
    // What persons change is theirs; the key is still for what it was for.
    await calendar.events.update('staff-1', { id, summary: '直した' })
    const same = await calendar.events.create('staff-1', KEYED)
    assert.deepEqual([same.created, same.event.summary], [false, '直した'])
  },
  'fails with idempotency_conflict when the id was for something else': async (fixture) => {
    const { calendar } = fixture
    const named = { ...meeting(1), id: 'plan0001' }
    const { event } = await calendar.events.create('staff-1', named)
    for (const other of [{ summary: '別' }, { recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] }]) {
      const error = await failure(calendar.events.create('staff-1', { ...named, ...other }))
      assert.deepEqual([error.code, error.outcome], ['idempotency_conflict', 'unknown'])
      assert.deepEqual(error.current, event)
    }
    await calendar.events.update('staff-1', { id: event.id, summary: '直した' })
    const same = await calendar.events.create('staff-1', named)
    assert.deepEqual([same.created, same.event.summary], [false, '直した'])
  },
  'compares an event of the id that somebody else made as it stands': async ({ calendar }) => {
    const attendees = ['taro@example.com']
    const named = { ...meeting(1), id: 'plan0001', location: '会議室', attendees }
    const { id, summary, location, start, end } = named
    const timeZone = 'Asia/Tokyo'
    const requestBody = {
      id,
      summary,
      location,
      start: { dateTime: start.toISOString(), timeZone },
      end: { dateTime: end.toISOString(), timeZone },
      attendees: [{ email: 'Taro@example.com' }, { email: 'jiro@example.com' }],
      colorId: '7',
    }
    await calendar.client('staff-1').events.insert({ calendarId: 'primary', requestBody })
    const { event, created } = await calendar.events.create('staff-1', named)
    assert.deepEqual([event.id, event.native.colorId, created], [id, '7', false])
    for (const other of [
      { summary: '別' },
      { description: '別' },
      { location: undefined },
      { end: meeting(2).end },
      { recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] },
      { attendees: ['saburo@example.com'] },
    ]) {
      const error = await failure(calendar.events.create('staff-1', { ...named, ...other }))
      assert.deepEqual([error.code, error.outcome], ['idempotency_conflict', 'unknown'])
      assert.deepEqual(error.current, event)
    }
  },
  'gets over a lost answer to events.create by itself': async (fixture) => {
    fixture.dropReply(`POST ${EVENTS_PATH}`, 1)
    const { event } = await fixture.calendar.events.create('staff-1', KEYED)
    assert.deepEqual(
      (await fixture.eventsOf('hana@example.com')).map(({ id }) => id),
      [event.id],
    )
  },
  'makes the next event of a key beside one that was deleted, where that is asked for': async (
    fixture,
  ) => {
    const { calendar } = fixture
    const again = { ...KEYED, ifDeleted: 'recreate' } as const
    const ids: string[] = []
    for (const round of [1, 2, 3]) {
      const made = await Promise.all(
        Array.from({ length: 5 }, () => calendar.events.create('staff-1', again)),
      )
      assert.equal(made.filter(({ created }) => created).length, 1, `round ${round}`)
      const [id = '', ...others] = new Set(made.map(({ event }) => event.id))
      assert.deepEqual(others, [])
      ids.push(id)
      if (round < 3) await calendar.events.delete('staff-1', { id })
    }
    assert.equal(new Set(ids).size, 3)
    const statuses = (await fixture.eventsOf('hana@example.com')).map(({ status }) =>
      String(status),
    )
    assert.deepEqual(statuses.toSorted(), ['cancelled', 'cancelled', 'confirmed'])
    const other = { ...again, summary: '別の会議' }
    const error = await failure(calendar.events.create('staff-1', other))
    assert.equal(error.code, 'idempotency_conflict')
  },
}
