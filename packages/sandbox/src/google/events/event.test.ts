import type { calendar_v3 } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'

import { calendarId, email, meeting, openCalendar, refusal } from '../../../test/google/fixture.ts'

describe('events', () => {
  test('an event with the id that the client chose is stored once, a second insert is 409', async () => {
    await using session = await openCalendar()
    const { client } = session
    const requestBody = { ...meeting(10), id: 'plan0001' }
    const { data } = await client.events.insert({ calendarId, requestBody })
    expect(data).toMatchObject({ id: 'plan0001', status: 'confirmed', summary: '会議 10' })
    const again = await refusal(client.events.insert({ calendarId, requestBody }))
    expect(again).toEqual({ status: 409, reason: 'duplicate' })
    await client.events.delete({ calendarId, eventId: 'plan0001' })
    const afterDelete = await refusal(client.events.insert({ calendarId, requestBody }))
    expect(afterDelete).toEqual({ status: 409, reason: 'duplicate' })
  })

  test.each([
    ['an id outside a-v and 0-9', { id: 'WXYZ!' }, 'invalid'],
    ['no end', { end: null }, 'required'],
    [
      'an end before its start',
      { end: { dateTime: '2026-04-01T09:00:00+09:00' } },
      'timeRangeEmpty',
    ],
    ['a time without offset or zone', { end: { dateTime: '2026-04-01T11:00:00' } }, 'required'],
    [
      'an unknown zone',
      { end: { dateTime: '2026-04-01T11:00:00', timeZone: 'Asia/Nowhere' } },
      'invalid',
    ],
  ])('an insert with %s is 400', async (_name, wrong, reason) => {
    await using session = await openCalendar()
    const requestBody = { ...meeting(10), ...wrong } as calendar_v3.Schema$Event
    const refused = await refusal(session.client.events.insert({ calendarId, requestBody }))
    expect(refused).toEqual({ status: 400, reason })
    expect(session.server.events(email)).toEqual([])
  })

  test('a patch merges, unsets with null and raises the etag; an update replaces', async () => {
    await using session = await openCalendar()
    const { client } = session
    const requestBody = { ...meeting(10), location: '第一会議室', description: '旧' }
    const { data: first } = await client.events.insert({ calendarId, requestBody })
    const eventId = first.id ?? ''
    const patch = { description: null, extendedProperties: { private: { plan: '1' } } }
    const { data: patched } = await client.events.patch({ calendarId, eventId, requestBody: patch })
    expect(patched).toMatchObject({
      location: '第一会議室',
      sequence: 0,
      extendedProperties: patch.extendedProperties,
    })
    expect(patched).not.toHaveProperty('description')
    expect(patched.etag).not.toBe(first.etag)
    const { data: updated } = await client.events.update({
      calendarId,
      eventId,
      requestBody: meeting(11),
    })
    expect(updated).toMatchObject({
      id: eventId,
      summary: '会議 11',
      sequence: 1,
      created: first.created,
    })
    expect(updated).not.toHaveProperty('location')
  })

  test('If-Match with an old etag is 412 and changes nothing', async () => {
    await using session = await openCalendar()
    const { client } = session
    const { data: first } = await client.events.insert({ calendarId, requestBody: meeting(10) })
    const eventId = first.id ?? ''
    await client.events.patch({ calendarId, eventId, requestBody: { summary: '新' } })
    const stale = { headers: { 'If-Match': first.etag ?? '' } }
    const patch = client.events.patch(
      { calendarId, eventId, requestBody: { summary: '古' } },
      stale,
    )
    expect(await refusal(patch)).toEqual({ status: 412, reason: 'conditionNotMet' })
    expect(await refusal(client.events.delete({ calendarId, eventId }, stale))).toMatchObject({
      status: 412,
    })
    const { data: now } = await client.events.get({ calendarId, eventId })
    expect(now.summary).toBe('新')
    const fresh = { headers: { 'If-Match': now.etag ?? '' } }
    const { status } = await client.events.delete({ calendarId, eventId }, fresh)
    expect(status).toBe(204)
  })

  test('a deleted event reads as cancelled, and is 410 to whoever deletes or patches it', async () => {
    await using session = await openCalendar()
    const { client } = session
    const { data } = await client.events.insert({ calendarId, requestBody: meeting(10) })
    const eventId = data.id ?? ''
    await client.events.delete({ calendarId, eventId })
    const gone = { status: 410, reason: 'deleted' }
    expect(await refusal(client.events.delete({ calendarId, eventId }))).toEqual(gone)
    expect(await refusal(client.events.patch({ calendarId, eventId, requestBody: {} }))).toEqual(
      gone,
    )
    const { data: read } = await client.events.get({ calendarId, eventId })
    expect(read.status).toBe('cancelled')
  })

  test('a deleted event comes back by its status, or by a whole update', async () => {
    await using session = await openCalendar()
    const { client } = session
    for (const eventId of ['patched', 'updated']) {
      const requestBody = { ...meeting(10), id: eventId, location: '第一会議室' }
      await client.events.insert({ calendarId, requestBody })
      await client.events.delete({ calendarId, eventId })
    }
    const patch = { calendarId, eventId: 'patched', requestBody: { status: 'tentative' } }
    const { data: patched } = await client.events.patch(patch)
    expect(patched).toMatchObject({ status: 'tentative', location: '第一会議室' })
    const update = { calendarId, eventId: 'updated', requestBody: meeting(11) }
    expect((await client.events.update(update)).data.status).toBe('confirmed')
    const { data } = await client.events.list({ calendarId })
    expect(data.items?.map(({ id }) => id)).toEqual(['patched', 'updated'])
  })

  test('a sequence below the event’s own is 400; a move raises it, other changes do not', async () => {
    await using session = await openCalendar()
    const { client } = session
    const eventId = 'meeting1'
    await client.events.insert({ calendarId, requestBody: { ...meeting(10), id: eventId } })
    const moved = await client.events.patch({ calendarId, eventId, requestBody: meeting(11) })
    expect(moved.data.sequence).toBe(1)
    const named = await client.events.patch({ calendarId, eventId, requestBody: { summary: '新' } })
    expect(named.data.sequence).toBe(1)
    const old = client.events.update({
      calendarId,
      eventId,
      requestBody: { ...meeting(9), sequence: 0 },
    })
    expect(await refusal(old)).toEqual({ status: 400, reason: 'invalid' })
  })

  test('a change of reminders alone is no update, though the etag is new', async () => {
    let now = Date.UTC(2026, 3, 1)
    await using session = await openCalendar({ now: () => now })
    const { client } = session
    const { data: first } = await client.events.insert({ calendarId, requestBody: meeting(10) })
    now += 60_000
    const reminders = { useDefault: false, overrides: [{ method: 'popup', minutes: 5 }] }
    const { data: second } = await client.events.patch({
      calendarId,
      eventId: first.id ?? '',
      requestBody: { reminders },
    })
    expect(second).toMatchObject({ reminders, updated: first.updated })
    expect(second.etag).not.toBe(first.etag)
  })
})
