import type { calendar_v3 } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'

import { clientFor, email, meeting, openCalendar, refusal } from '../../../test/google/fixture.ts'

type Client = calendar_v3.Calendar

const idOf = async (client: Client, summary = '支援計画'): Promise<string> =>
  (await client.calendars.insert({ requestBody: { summary } })).data.id ?? ''

const listed = async (client: Client, query: object = {}): Promise<unknown[]> => {
  const { data } = await client.calendarList.list(query)
  return (data.items ?? []).map(({ id, deleted }) => (deleted === true ? `gone ${id}` : id))
}

describe('a secondary calendar', () => {
  test('has events of its own, and is their organizer', async () => {
    await using session = await openCalendar()
    const { client, server } = session
    const calendarId = await idOf(client)
    expect(calendarId).toMatch(/^c_[0-9a-f]{64}@group\.calendar\.google\.com$/)
    const requestBody = { ...meeting(10), id: 'meeting1' }
    const { data } = await client.events.insert({ calendarId, requestBody })
    expect(data.creator).toEqual({ email })
    expect(data.organizer).toEqual({ email: calendarId, displayName: '支援計画', self: true })
    expect(server.events(email)).toEqual([])
    expect(server.events(calendarId)).toHaveLength(1)
    // The same id in another calendar is another event.
    expect((await client.events.insert({ calendarId: 'primary', requestBody })).status).toBe(200)
  })

  test('is changed by merging or as a whole, where If-Match agrees', async () => {
    await using session = await openCalendar()
    const { client } = session
    const calendarId = await idOf(client)
    const { data: first } = await client.calendars.get({ calendarId })
    const patch = { calendarId, requestBody: { description: '二課', timeZone: 'Asia/Seoul' } }
    const { data } = await client.calendars.patch(patch)
    expect(data).toMatchObject({ summary: '支援計画', description: '二課', timeZone: 'Asia/Seoul' })
    const stale = { headers: { 'If-Match': first.etag ?? '' } }
    expect(await refusal(client.calendars.patch(patch, stale))).toMatchObject({ status: 412 })
    const whole = { calendarId, requestBody: { summary: '新' } }
    const { data: replaced } = await client.calendars.update(whole)
    expect(replaced).toMatchObject({ summary: '新', timeZone: 'Asia/Seoul', dataOwner: email })
    expect(replaced).not.toHaveProperty('description')
    const nameless = client.calendars.update({ calendarId, requestBody: {} })
    expect(await refusal(nameless)).toEqual({ status: 400, reason: 'required' })
  })

  test('can be deleted, and the primary one can only be cleared', async () => {
    await using session = await openCalendar()
    const { client } = session
    const calendarId = await idOf(client)
    await client.calendars.delete({ calendarId })
    expect(await refusal(client.events.list({ calendarId }))).toMatchObject({ status: 404 })
    const primary = { calendarId: 'primary' }
    expect(await refusal(client.calendars.delete(primary))).toMatchObject({ status: 400 })
    await client.events.insert({ ...primary, requestBody: meeting(10) })
    await client.calendars.clear(primary)
    expect((await client.events.list(primary)).data.items).toEqual([])
  })

  test('of another account is not found', async () => {
    await using session = await openCalendar()
    const { client, server } = session
    const other = await server.addCalendar('taro@example.com', '太郎')
    for (const calendarId of [other, 'taro@example.com']) {
      expect(await refusal(client.events.list({ calendarId }))).toMatchObject({ status: 404 })
      const entry = client.calendarList.insert({ requestBody: { id: calendarId } })
      expect(await refusal(entry)).toMatchObject({ status: 404 })
    }
  })
})

describe('the list of calendars', () => {
  test('syncs by itself: what came, changed, was hidden or went', async () => {
    await using session = await openCalendar()
    const { client } = session
    const [one, two] = [await idOf(client, '一'), await idOf(client, '二')]
    const first = await client.calendarList.list({ maxResults: 2 })
    expect(first.data).not.toHaveProperty('nextSyncToken')
    const pageToken = first.data.nextPageToken ?? ''
    const last = await client.calendarList.list({ maxResults: 2, pageToken })
    const syncToken = last.data.nextSyncToken ?? ''
    expect(await listed(client, { syncToken })).toEqual([])
    await client.calendarList.patch({ calendarId: one, requestBody: { hidden: true } })
    expect(await listed(client)).toEqual([email, two])
    await client.calendars.delete({ calendarId: two })
    const three = await idOf(client, '三')
    expect(await listed(client, { syncToken })).toEqual([one, `gone ${two}`, three])
    for (const wrong of [
      { minAccessRole: 'owner' },
      { showDeleted: false },
      { showHidden: false },
    ]) {
      expect(await refusal(listed(client, { syncToken, ...wrong }))).toMatchObject({ status: 400 })
    }
    await session.server.invalidateSyncTokens(email)
    expect(await refusal(listed(client, { syncToken }))).toEqual({
      status: 410,
      reason: 'fullSyncRequired',
    })
  })

  test('an entry goes and comes back, and the calendar stays', async () => {
    await using session = await openCalendar()
    const { client } = session
    const calendarId = await idOf(client)
    await client.calendarList.delete({ calendarId })
    expect(await listed(client)).toEqual([email])
    expect(await listed(client, { showDeleted: true })).toEqual([email, `gone ${calendarId}`])
    expect(await refusal(client.calendarList.get({ calendarId }))).toMatchObject({ status: 404 })
    expect((await client.events.list({ calendarId })).status).toBe(200)
    const requestBody = { id: calendarId, summaryOverride: '私の' }
    const { data } = await client.calendarList.insert({ requestBody })
    expect(data).toMatchObject({
      summary: '支援計画',
      summaryOverride: '私の',
      accessRole: 'owner',
    })
    const colours = { calendarId, requestBody: { backgroundColor: '#000000' } }
    expect((await client.calendarList.patch(colours)).data.backgroundColor).not.toBe('#000000')
    const rgb = { ...colours, colorRgbFormat: true }
    expect((await client.calendarList.patch(rgb)).data.backgroundColor).toBe('#000000')
  })
})

describe('scopes', () => {
  const FORBIDDEN = { status: 403, reason: 'insufficientPermissions' }

  test('calendar.app.created reaches the calendars that the client made, and no other', async () => {
    await using session = await openCalendar()
    const { server } = session
    const client = await clientFor(server, email, 'calendar.app.created')
    const calendarId = await idOf(client)
    expect((await client.events.insert({ calendarId, requestBody: meeting(10) })).status).toBe(200)
    expect((await client.calendarList.get({ calendarId })).status).toBe(200)
    const hers = await server.addCalendar(email, '私用')
    for (const other of ['primary', hers]) {
      expect(await refusal(client.events.list({ calendarId: other }))).toEqual(FORBIDDEN)
    }
    expect(await refusal(client.calendarList.list())).toEqual(FORBIDDEN)
    const insert = client.calendarList.insert({ requestBody: { id: calendarId } })
    expect(await refusal(insert)).toEqual(FORBIDDEN)
  })

  test('each scope does what the reference says, and no more', async () => {
    await using session = await openCalendar()
    const { server } = session
    const calendarId = 'primary'
    const calls = {
      read: (client: Client) => client.events.list({ calendarId }),
      write: (client: Client) => client.events.insert({ calendarId, requestBody: meeting(10) }),
      list: (client: Client) => client.calendarList.list(),
      make: (client: Client) => client.calendars.insert({ requestBody: { summary: '新' } }),
      busy: (client: Client) =>
        client.freebusy.query({
          requestBody: { timeMin: '2026-04-01T00:00:00Z', timeMax: '2026-04-02T00:00:00Z' },
        }),
    }
    const table: Record<string, (keyof typeof calls)[]> = {
      'calendar.events': ['read', 'write'],
      'calendar.events.readonly': ['read'],
      'calendar.events.public.readonly': [],
      'calendar.readonly': ['read', 'list', 'busy'],
      'calendar.calendarlist.readonly': ['list'],
      'calendar.calendars': ['make'],
      'calendar.freebusy': ['busy'],
      calendar: ['read', 'write', 'list', 'make', 'busy'],
    }
    for (const [scope, allowed] of Object.entries(table)) {
      const client = await clientFor(server, email, scope)
      const found: string[] = []
      for (const [name, call] of Object.entries(calls)) {
        if ((await refusal(call(client))).status === 200) found.push(name)
      }
      expect([scope, ...found]).toEqual([scope, ...allowed])
    }
  })
})
