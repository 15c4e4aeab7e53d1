import { expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { collect, connect } from '../testing/calendar-fixture.ts'
import type { EventChange } from './sync.ts'

const email = 'hana@example.com'

const weekly = {
  id: 'regular',
  summary: '定例',
  start: new Date('2026-04-01T10:00:00+09:00'),
  end: new Date('2026-04-01T11:00:00+09:00'),
  timeZone: 'Asia/Tokyo',
  recurrence: ['RRULE:FREQ=WEEKLY;COUNT=4'],
}

test('a cancelled occurrence keeps its series and its original start, also when it had been moved', async () => {
  await using google = await startGoogleCalendar()
  const { calendar } = google
  await connect(google, 'staff-1', email)
  await calendar.events.create('staff-1', weekly)
  let cursor: string | undefined
  const sync = async (): Promise<EventChange[]> => {
    const pages = await collect(calendar.sync('staff-1', { cursor }))
    cursor = pages.at(-1)?.nextCursor
    return pages.flatMap(({ changes }) => changes)
  }
  expect(await sync()).toMatchObject([{ type: 'changed', id: 'regular' }])
  const id = 'regular_20260408T010000Z'
  const moved = {
    start: new Date('2026-04-09T10:00:00+09:00'),
    end: new Date('2026-04-09T11:00:00+09:00'),
  }
  await calendar.events.update('staff-1', { id, ...moved })
  expect(await sync()).toMatchObject([{ type: 'changed', id, event: moved }])
  await calendar.events.delete('staff-1', { id })
  expect(await sync()).toEqual([
    {
      type: 'occurrence-cancelled',
      id,
      seriesId: 'regular',
      originalStart: new Date('2026-04-08T10:00:00+09:00'),
    },
  ])
  await calendar.events.delete('staff-1', { id: 'regular' })
  expect(await sync()).toEqual([{ type: 'deleted', id: 'regular' }])
})
