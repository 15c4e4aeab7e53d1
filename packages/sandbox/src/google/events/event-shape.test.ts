import type { calendar_v3 } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'

import { calendarId, email, meeting, openCalendar, refusal } from '../../../test/google/fixture.ts'

type Event = calendar_v3.Schema$Event

const { start, end } = meeting(10)
const timeZone = 'Asia/Tokyo'
const zoned: Event = { start: { ...start, timeZone }, end: { ...end, timeZone } }

const REFUSED: readonly [what: string, change: Event, reason: string][] = [
  [
    'a day and a time in one',
    { start: { date: '2026-04-01', dateTime: start?.dateTime ?? '' } },
    'invalid',
  ],
  ['a day that ends at a time', { start: { date: '2026-04-01' } }, 'invalid'],
  [
    'a day that no month has',
    { start: { date: '2026-02-30' }, end: { date: '2026-03-02' } },
    'invalid',
  ],
  ['an offset in place of a zone', { start: { ...start, timeZone: '+09:00' } }, 'invalid'],
  ['a series whose start has an offset alone', { recurrence: ['RRULE:FREQ=DAILY'] }, 'required'],
  ['a rule without a frequency', { ...zoned, recurrence: ['RRULE:COUNT=3'] }, 'invalid'],
  ['a rule that is misspelt', { ...zoned, recurrence: ['RRULE:FREQ=DAILLY'] }, 'invalid'],
  [
    'a part of a rule that RFC 5545 does not have',
    { ...zoned, recurrence: ['RRULE:FREQ=DAILY;TIMES=3'] },
    'invalid',
  ],
  [
    'a count and an end',
    { ...zoned, recurrence: ['RRULE:FREQ=DAILY;COUNT=3;UNTIL=20260501T000000Z'] },
    'invalid',
  ],
  [
    'a DTSTART line',
    { ...zoned, recurrence: ['DTSTART:20260401T100000', 'RRULE:FREQ=DAILY'] },
    'invalid',
  ],
  ['exceptions of nothing', { ...zoned, recurrence: ['EXDATE:20260401T010000Z'] }, 'invalid'],
  [
    'a whole day left out of a timed series',
    { ...zoned, recurrence: ['RRULE:FREQ=DAILY', 'EXDATE;VALUE=DATE:20260402'] },
    'invalid',
  ],
  ['a guest without an address', { attendees: [{ displayName: '太郎' }] }, 'required'],
  ['a guest with half an address', { attendees: [{ email: 'taro@' }] }, 'invalid'],
  [
    'an answer that there is not',
    { attendees: [{ email: 'a@example.com', responseStatus: 'yes' }] },
    'invalid',
  ],
  ['a status that there is not', { status: 'done' }, 'invalid'],
  ['a colour that there is not', { colorId: '12' }, 'invalid'],
  [
    'reminders of its own and the calendar’s',
    { reminders: { useDefault: true, overrides: [{ method: 'popup', minutes: 5 }] } },
    'cannotUseDefaultRemindersAndSpecifyOverride',
  ],
  [
    'a reminder five weeks before',
    { reminders: { overrides: [{ method: 'popup', minutes: 50_400 }] } },
    'invalid',
  ],
]

describe('what an event may say', () => {
  test.each(REFUSED)('%s is 400', async (_what, change, reason) => {
    await using session = await openCalendar()
    const requestBody = { ...meeting(10), ...change }
    const refused = await refusal(session.client.events.insert({ calendarId, requestBody }))
    expect(refused).toEqual({ status: 400, reason })
    expect(session.server.events(email)).toEqual([])
  })

  test('fields and parameters that Google does not know are 400, those that are not here 501', async () => {
    await using session = await openCalendar()
    const { client } = session
    const insert = (more: object, query: object = {}): Promise<unknown> =>
      client.events.insert({ calendarId, requestBody: { ...meeting(10), ...more }, ...query })
    const unknown = { status: 400, reason: 'badRequest' }
    expect(await refusal(insert({ sumary: '会議' }))).toEqual(unknown)
    const attendees = [{ email: 'a@example.com', name: '太郎' }]
    expect(await refusal(insert({ attendees }))).toEqual(unknown)
    expect(await refusal(insert({ summary: 5 }))).toEqual(unknown)
    expect(await refusal(insert({}, { sendUpdate: 'all' }))).toEqual(unknown)
    expect(await refusal(insert({}, { sendUpdates: 'everyone' }))).toEqual({
      status: 400,
      reason: 'invalidParameter',
    })
    expect(await refusal(insert({ gadget: {} }))).toMatchObject({ status: 501 })
    expect(await refusal(insert({}, { supportsAttachments: true }))).toMatchObject({ status: 501 })
  })

  test('what only the server sets is left out', async () => {
    await using session = await openCalendar()
    const other = { email: 'someone@example.com' }
    const requestBody = {
      ...meeting(10),
      kind: 'x',
      etag: '"1"',
      creator: other,
      organizer: other,
      htmlLink: 'https://example.com',
      created: '2000-01-01T00:00:00Z',
    }
    const { data } = await session.client.events.insert({ calendarId, requestBody })
    const self = { email, self: true }
    expect(data).toMatchObject({ kind: 'calendar#event', creator: self, organizer: self })
    expect(data.created).not.toContain('2000')
  })
})

describe('times', () => {
  test('come with the offset of the calendar’s zone, and a zone of their own', async () => {
    await using session = await openCalendar()
    const { client } = session
    const requestBody = {
      start: { dateTime: '2026-07-01T10:00:00', timeZone: 'America/New_York' },
      end: { dateTime: '2026-07-01T16:30:00.5Z' },
    }
    const { data } = await client.events.insert({ calendarId, requestBody })
    expect(data.start).toEqual({
      dateTime: '2026-07-01T23:00:00+09:00',
      timeZone: 'America/New_York',
    })
    expect(data.end).toEqual({ dateTime: '2026-07-02T01:30:00+09:00', timeZone })
    const eventId = data.id ?? ''
    const { data: there } = await client.events.get({
      calendarId,
      eventId,
      timeZone: 'America/New_York',
    })
    expect(there.start?.dateTime).toBe('2026-07-01T10:00:00-04:00')
    const { data: utc } = await client.events.list({ calendarId, timeZone: 'UTC' })
    expect(utc.items?.[0]?.end?.dateTime).toBe('2026-07-01T16:30:00Z')
    const nowhere = client.events.list({ calendarId, timeZone: '+09:00' })
    expect(await refusal(nowhere)).toMatchObject({ status: 400 })
  })

  test('a wall-clock time that a zone skips moves forward, one that it has twice is the first', async () => {
    await using session = await openCalendar({ timeZone: 'America/New_York' })
    const zone = 'America/New_York'
    const at = async (dateTime: string): Promise<unknown> => {
      const time = { dateTime, timeZone: zone }
      const requestBody = { start: time, end: time }
      return (await session.client.events.insert({ calendarId, requestBody })).data.start?.dateTime
    }
    expect(await at('2026-03-08T02:30:00')).toBe('2026-03-08T03:30:00-04:00')
    expect(await at('2026-11-01T01:30:00')).toBe('2026-11-01T01:30:00-04:00')
  })

  test('a patch of the zone alone keeps the moment; a day replaces a time when that is unset', async () => {
    await using session = await openCalendar()
    const { client } = session
    const { data } = await client.events.insert({ calendarId, requestBody: meeting(10) })
    const eventId = data.id ?? ''
    const patch = async (change: Event): Promise<Event> =>
      (await client.events.patch({ calendarId, eventId, requestBody: change })).data
    const { start: moved } = await patch({ start: { timeZone: 'UTC' } })
    expect(moved).toEqual({ dateTime: '2026-04-01T10:00:00+09:00', timeZone: 'UTC' })
    expect(await refusal(patch({ start: { date: '2026-04-01' } }))).toMatchObject({ status: 400 })
    const unset = { dateTime: null, timeZone: null }
    const day = await patch({
      start: { date: '2026-04-01', ...unset },
      end: { date: '2026-04-02', ...unset },
    })
    expect(day.start).toEqual({ date: '2026-04-01' })
  })
})

describe('guests', () => {
  test('have an answer, the organizer among them is marked, and a new list replaces the old one', async () => {
    await using session = await openCalendar()
    const { client } = session
    const requestBody = {
      ...meeting(10),
      attendees: [
        { email, responseStatus: 'accepted' },
        { email: 'taro@example.com', displayName: '太郎', optional: true },
        { email: 'TARO@example.com' },
      ],
    }
    const { data } = await client.events.insert({ calendarId, requestBody })
    expect(data.attendees).toEqual([
      { email, responseStatus: 'accepted', organizer: true, self: true },
      {
        email: 'taro@example.com',
        displayName: '太郎',
        optional: true,
        responseStatus: 'needsAction',
      },
    ])
    const eventId = data.id ?? ''
    const few = await client.events.get({ calendarId, eventId, maxAttendees: 1 })
    expect(few.data).toMatchObject({ attendeesOmitted: true, attendees: [{ email }] })
    const change = { attendees: [{ email }] }
    const { data: changed } = await client.events.patch({
      calendarId,
      eventId,
      requestBody: change,
    })
    expect(changed.attendees).toMatchObject([{ email, responseStatus: 'needsAction' }])
  })
})

describe('a Meet', () => {
  const conferenceData = {
    createRequest: { requestId: 'r1', conferenceSolutionKey: { type: 'hangoutsMeet' } },
  }

  test('is made for conferenceDataVersion=1 only, once for each request, and stays', async () => {
    await using session = await openCalendar()
    const { client } = session
    const requestBody = { ...meeting(10), conferenceData }
    const { data: without } = await client.events.insert({ calendarId, requestBody })
    expect(without).not.toHaveProperty('conferenceData')
    const version = { conferenceDataVersion: 1 }
    const { data } = await client.events.insert({ calendarId, requestBody, ...version })
    expect(data.hangoutLink).toMatch(/^https:\/\/meet\.google\.com\/[a-z]{3}-[a-z]{4}-[a-z]{3}$/)
    expect(data.conferenceData?.createRequest?.status).toEqual({ statusCode: 'success' })
    const eventId = data.id ?? ''
    const again = { calendarId, eventId, requestBody: { conferenceData }, ...version }
    expect((await client.events.patch(again)).data.hangoutLink).toBe(data.hangoutLink)
    const replaced = { calendarId, eventId, requestBody: meeting(11) }
    expect((await client.events.update(replaced)).data.hangoutLink).toBe(data.hangoutLink)
    const off = { calendarId, eventId, requestBody: { conferenceData: null as never }, ...version }
    expect((await client.events.patch(off)).data).not.toHaveProperty('hangoutLink')
  })

  test('without a request id, or of another kind, is 400', async () => {
    await using session = await openCalendar()
    const insert = (createRequest: calendar_v3.Schema$CreateConferenceRequest): Promise<unknown> =>
      session.client.events.insert({
        calendarId,
        requestBody: { ...meeting(10), conferenceData: { createRequest } },
        conferenceDataVersion: 1,
      })
    expect(await refusal(insert({}))).toEqual({ status: 400, reason: 'malformedConferenceData' })
    const other = { requestId: 'r1', conferenceSolutionKey: { type: 'eventHangout' } }
    expect(await refusal(insert(other))).toEqual({ status: 400, reason: 'invalid' })
  })
})

test('extended properties: long keys are dropped, long values cut, as Google does', async () => {
  await using session = await openCalendar()
  const extendedProperties = {
    private: { ['k'.repeat(45)]: 'x', plan: 'v'.repeat(2000) },
    shared: { ['k'.repeat(45)]: 'x' },
  }
  const requestBody = { ...meeting(10), extendedProperties }
  const { data } = await session.client.events.insert({ calendarId, requestBody })
  expect(data.extendedProperties).toEqual({ private: { plan: 'v'.repeat(1024) } })
})
