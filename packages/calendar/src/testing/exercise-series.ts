import assert from 'node:assert/strict'
import type { NewEvent } from '../events/create-event.ts'
import { type CalendarFixture, collect, failure } from './calendar-fixture.ts'

/** Every Wednesday of April 2026 at ten, Japanese time. */
const WEEKLY: NewEvent = {
  id: 'regular',
  summary: '定例',
  start: new Date('2026-04-01T10:00:00+09:00'),
  end: new Date('2026-04-01T11:00:00+09:00'),
  timeZone: 'Asia/Tokyo',
  recurrence: ['RRULE:FREQ=WEEKLY;COUNT=4'],
}

const at = (day: string, hour = '10'): Date => new Date(`2026-04-${day}T${hour}:00:00+09:00`)

/** What is done to series and their occurrences. */
export const SERIES: Record<string, (fixture: CalendarFixture) => Promise<void>> = {
  'lists the occurrences of a series, page by page': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', WEEKLY)
    assert.deepEqual(event.recurrence, WEEKLY.recurrence)
    const all = await collect(calendar.events.instances('staff-1', { ...event, pageSize: 3 }))
    assert.deepEqual(
      all.map(({ start }) => start),
      [at('01'), at('08'), at('15'), at('22')],
    )
    assert(
      all.every(({ seriesId, recurrence }) => seriesId === 'regular' && recurrence.length === 0),
    )
  },
  'changes one occurrence, which keeps its place in the series': async ({ calendar }) => {
    await calendar.events.create('staff-1', WEEKLY)
    const originalStart = at('08')
    const find = { id: 'regular', originalStart }
    const [second] = await collect(calendar.events.instances('staff-1', find))
    assert(second !== undefined)
    const { id, etag } = second
    const moved = { start: at('09', '14'), end: at('09', '15') }
    await calendar.events.update('staff-1', { id, etag, ...moved })
    const [found, ...others] = await collect(calendar.events.instances('staff-1', find))
    assert.deepEqual(
      [found?.id, found?.start, found?.originalStart],
      [id, at('09', '14'), at('08')],
    )
    assert.equal(others.length, 0)
    assert.equal((await calendar.events.get('staff-1', { id: 'regular' })).recurrence.length, 1)
  },
  'deletes one occurrence, and shows it when it is asked to': async ({ calendar }) => {
    await calendar.events.create('staff-1', WEEKLY)
    const [, second] = await collect(calendar.events.instances('staff-1', { id: 'regular' }))
    const id = second?.id ?? ''
    assert.deepEqual(await calendar.events.delete('staff-1', { id }), { deleted: true })
    assert.deepEqual(await calendar.events.delete('staff-1', { id }), { deleted: false })
    const left = await collect(calendar.events.instances('staff-1', { id: 'regular' }))
    assert.equal(left.length, 3)
    const all = await collect(
      calendar.events.instances('staff-1', { id: 'regular', deleted: true }),
    )
    assert.deepEqual(
      all.filter(({ status }) => status === 'cancelled').map((each) => each.id),
      [id],
    )
  },
  'lists a series by its occurrences in a range': async ({ calendar }) => {
    await calendar.events.create('staff-1', WEEKLY)
    const query = { from: at('02'), to: at('20'), expandRecurring: true }
    const events = await collect(calendar.events.list('staff-1', query))
    assert.deepEqual(
      events.map(({ start }) => start),
      [at('08'), at('15')],
    )
  },
  'makes a single event of a series, and a series of a single event': async ({ calendar }) => {
    await calendar.events.create('staff-1', WEEKLY)
    const single = await calendar.events.update('staff-1', { id: 'regular', recurrence: null })
    assert.deepEqual(single.recurrence, [])
    const error = await failure(collect(calendar.events.instances('staff-1', { id: 'regular' })))
    assert.equal(error.code, 'invalid_request')
    const { start, end, timeZone } = WEEKLY
    const recurrence = ['RRULE:FREQ=DAILY;COUNT=2']
    const change = { id: 'regular', start, end, timeZone, recurrence }
    await calendar.events.update('staff-1', change)
    const all = await collect(calendar.events.instances('staff-1', { id: 'regular' }))
    assert.deepEqual(
      all.map((each) => each.start),
      [at('01'), at('02')],
    )
  },
  'keeps the time of day of a series over daylight saving': async ({ calendar }) => {
    // Berlin's clocks go forward on 29 March 2026.
    const start = new Date('2026-03-27T09:00:00+01:00')
    const end = new Date('2026-03-27T10:00:00+01:00')
    const { event } = await calendar.events.create('staff-1', {
      summary: 'Runde',
      start,
      end,
      timeZone: 'Europe/Berlin',
      recurrence: ['RRULE:FREQ=DAILY;COUNT=4'],
    })
    const all = await collect(calendar.events.instances('staff-1', { id: event.id }))
    assert.deepEqual(
      all.map((each) => each.start),
      [
        new Date('2026-03-27T09:00:00+01:00'),
        new Date('2026-03-28T09:00:00+01:00'),
        new Date('2026-03-29T09:00:00+02:00'),
        new Date('2026-03-30T09:00:00+02:00'),
      ],
    )
  },
  'repeats whole days': async ({ calendar }) => {
    const days = { summary: '研修', start: '2026-04-30', end: '2026-05-02' } as const
    const recurrence = ['RRULE:FREQ=YEARLY;COUNT=2']
    const { event } = await calendar.events.create('staff-1', { ...days, recurrence })
    const all = await collect(calendar.events.instances('staff-1', { id: event.id }))
    assert.deepEqual(
      all.map(({ start, end }) => [start, end]),
      [
        ['2026-04-30', '2026-05-02'],
        ['2027-04-30', '2027-05-02'],
      ],
    )
    const find = { id: event.id, originalStart: '2027-04-30' } as const
    assert.equal((await collect(calendar.events.instances('staff-1', find))).length, 1)
  },
  'tells a cancelled occurrence from a deleted event': async ({ calendar }) => {
    await calendar.events.create('staff-1', WEEKLY)
    const [first] = await collect(calendar.sync('staff-1'))
    const [, second] = await collect(calendar.events.instances('staff-1', { id: 'regular' }))
    const id = second?.id ?? ''
    await calendar.events.delete('staff-1', { id })
    const [changed] = await collect(calendar.sync('staff-1', { cursor: first?.nextCursor }))
    assert.deepEqual(changed?.changes, [
      { type: 'occurrence-cancelled', id, seriesId: 'regular', originalStart: at('08') },
    ])
    await calendar.events.delete('staff-1', { id: 'regular' })
    const [gone] = await collect(calendar.sync('staff-1', { cursor: changed?.nextCursor }))
    assert.deepEqual(gone?.changes, [{ type: 'deleted', id: 'regular' }])
  },
}
