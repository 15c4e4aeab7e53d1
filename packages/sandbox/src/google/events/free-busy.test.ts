import type { calendar_v3 } from '@googleapis/calendar'
import { expect, test } from 'vitest'

import { calendarId, email, meeting, openCalendar, refusal } from '../../../test/google/fixture.ts'

const range = { timeMin: '2026-04-01T00:00:00Z', timeMax: '2026-04-03T00:00:00Z' }

test('free and busy times: what overlaps is one, what takes no time is none, series included', async () => {
  await using session = await openCalendar({ now: () => Date.UTC(2026, 2, 1) })
  const { client } = session
  const insert = (event: calendar_v3.Schema$Event): Promise<unknown> =>
    client.events.insert({ calendarId, requestBody: event })
  const { start } = meeting(10)
  const { end } = meeting(11)
  await insert({ ...meeting(10), end: { dateTime: end?.dateTime ?? '' }, id: 'long00' })
  await insert({ ...meeting(11), id: 'part00' })
  await insert({ ...meeting(13), transparency: 'transparent' })
  await insert({ ...meeting(14), attendees: [{ email, responseStatus: 'declined' }] })
  await insert({ ...meeting(15), id: 'gone00' })
  await client.events.delete({ calendarId, eventId: 'gone00' })
  await insert({
    start: { dateTime: '2026-03-31T16:00:00', timeZone: 'Asia/Tokyo' },
    end: { dateTime: '2026-03-31T17:00:00', timeZone: 'Asia/Tokyo' },
    recurrence: ['RRULE:FREQ=DAILY;COUNT=3'],
  })
  const items = [{ id: 'primary' }, { id: 'taro@example.com' }]
  const { data } = await client.freebusy.query({
    requestBody: { ...range, timeZone: 'Asia/Tokyo', items },
  })
  expect(data.calendars).toEqual({
    primary: {
      busy: [
        { start: start?.dateTime, end: end?.dateTime },
        { start: '2026-04-01T16:00:00+09:00', end: '2026-04-01T17:00:00+09:00' },
        { start: '2026-04-02T16:00:00+09:00', end: '2026-04-02T17:00:00+09:00' },
      ],
    },
    'taro@example.com': { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] },
  })
  const many = Array.from({ length: 51 }, (_, at) => ({ id: `c${at}` }))
  const { data: refused } = await client.freebusy.query({ requestBody: { ...range, items: many } })
  expect(refused.calendars?.['c0']?.errors?.[0]?.reason).toBe('tooManyCalendarsRequested')
})

test.each([
  [{ timeMin: range.timeMin }, 'required'],
  [{ ...range, timeMax: range.timeMin }, 'timeRangeEmpty'],
  [{ ...range, timeZone: '+09:00' }, 'invalid'],
  [{ ...range, calendars: [] }, 'badRequest'],
])('%j is 400', async (requestBody, reason) => {
  await using session = await openCalendar()
  const call = session.client.freebusy.query({ requestBody })
  expect(await refusal(call)).toEqual({ status: 400, reason })
})

test('a moved event has another organizer, and is cancelled where it was, with its exceptions', async () => {
  await using session = await openCalendar({ now: () => Date.UTC(2026, 2, 1) })
  const { client, server } = session
  const { data } = await client.calendars.insert({ requestBody: { summary: '二課' } })
  const destination = data.id ?? ''
  const requestBody = {
    id: 'series0',
    start: { dateTime: '2026-04-01T10:00:00', timeZone: 'Asia/Tokyo' },
    end: { dateTime: '2026-04-01T11:00:00', timeZone: 'Asia/Tokyo' },
    recurrence: ['RRULE:FREQ=DAILY;COUNT=3'],
  }
  await client.events.insert({ calendarId, requestBody })
  const occurrence = 'series0_20260402T010000Z'
  const change = { calendarId, eventId: occurrence, requestBody: { summary: '特別' } }
  await client.events.patch(change)
  const first = await client.events.list({ calendarId })
  const part = client.events.move({ calendarId, eventId: occurrence, destination })
  expect(await refusal(part)).toEqual({ status: 400, reason: 'cannotChangeOrganizerOfInstance' })
  const moved = await client.events.move({ calendarId, eventId: 'series0', destination })
  expect(moved.data.organizer).toMatchObject({ email: destination, self: true })
  const syncToken = first.data.nextSyncToken ?? ''
  const { data: left } = await client.events.list({ calendarId, syncToken })
  expect(left.items?.map(({ id, status }) => [id, status])).toEqual([
    ['series0', 'cancelled'],
    [occurrence, 'cancelled'],
  ])
  const there = { calendarId: destination, eventId: occurrence }
  expect((await client.events.get(there)).data.summary).toBe('特別')
  expect(server.events(destination)).toHaveLength(2)
  const again = client.events.move({ calendarId, eventId: 'series0', destination })
  expect(await refusal(again)).toMatchObject({ status: 410 })
})
