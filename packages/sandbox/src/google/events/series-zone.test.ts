import type { calendar_v3 } from '@googleapis/calendar'
import { expect, test } from 'vitest'

import { calendarId, openCalendar, refusal } from '../../../test/google/fixture.ts'

type Event = calendar_v3.Schema$Event

test('a series has a zone in which it repeats, also when a patch gives whole days a time', async () => {
  await using session = await openCalendar()
  const { client } = session
  const days = { start: { date: '2026-04-01' }, end: { date: '2026-04-02' } }
  const recurrence = ['RRULE:FREQ=DAILY;COUNT=3']
  const eventId = 'regular'
  const requestBody = { id: eventId, summary: '定例', ...days, recurrence }
  await client.events.insert({ calendarId, requestBody })
  const timed = (timeZone?: string): Event =>
    Object.fromEntries(
      [
        ['start', '10'],
        ['end', '11'],
      ].map(([which, hour]) => [
        which,
        { date: null, dateTime: `2026-04-01T${hour}:00:00+09:00`, timeZone },
      ]),
    )
  const patch = (body: Event): Promise<unknown> =>
    client.events.patch({ calendarId, eventId, requestBody: body })
  expect(await refusal(patch(timed()))).toEqual({ status: 400, reason: 'required' })
  await patch(timed('Asia/Tokyo'))
  // From now on it has one.
  await patch(timed())
  const { items } = (await client.events.instances({ calendarId, eventId })).data
  expect(items?.map(({ start }) => start?.dateTime?.slice(0, 16))).toEqual([
    '2026-04-01T10:00',
    '2026-04-02T10:00',
    '2026-04-03T10:00',
  ])
})
