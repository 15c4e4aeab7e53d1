import { expect, test } from 'vitest'

import { calendarId, openCalendar } from '../../../test/google/fixture.ts'

test('what was a series and comes back as a single event reports its occurrences as cancelled, each time', async () => {
  await using session = await openCalendar({ now: () => Date.UTC(2026, 2, 1) })
  const { client } = session
  const single = {
    start: { dateTime: '2026-04-01T10:00:00', timeZone: 'Asia/Tokyo' },
    end: { dateTime: '2026-04-01T11:00:00', timeZone: 'Asia/Tokyo' },
  }
  const series = { ...single, id: 'series0', recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] }
  const place = { calendarId, eventId: 'series0' }
  const second = 'series0_20260402T010000Z'
  await client.events.insert({ calendarId, requestBody: series })
  await client.events.delete({ calendarId, eventId: second })
  for (const _ of [1, 2]) {
    await client.events.delete(place)
    const { data: before } = await client.events.list({ calendarId })
    expect(before.items).toEqual([])
    await client.events.update({ ...place, requestBody: single })
    const syncToken = before.nextSyncToken ?? ''
    const { data } = await client.events.list({ calendarId, syncToken })
    const { data: fresh } = await client.events.list({ calendarId })
    const shown = ({ items = [] }: typeof data): unknown[] =>
      items.map(({ id, status }) => `${status} ${id}`).toSorted((a, b) => (a < b ? -1 : 1))
    expect(shown(data)).toEqual(shown(fresh))
  }
})
